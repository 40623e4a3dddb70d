import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What the tests know of the host they talk to. */
export interface HostFacts {
  url: string
  /** Where it puts its mails, one file each. */
  mails: string
  program: string
  /** For its command line. */
  environment: Record<string, string>
}

export function host(): HostFacts {
  return JSON.parse(needed('FOLKSHELF_E2E_FACTS')) as HostFacts
}

function needed(name: string): string {
  const value = process.env[name]
  if (!value)
    throw new Error(`${name} is not set: the browser tests are run by scripts/web e2e, under scripts/with-services`)
  return value
}

/** Starts a host with the demo community over a database and Redis keys of its own; what is returned ends it. */
export default async function start(): Promise<() => Promise<void>> {
  const program = needed('FOLKSHELF_E2E_HOST')
  const name = `folkshelf_e2e_${randomBytes(4).toString('hex')}`
  const database = new URL(needed('DATABASE_URL'))
  const psql = join(process.env.FOLKSHELF_TEST_POSTGRES_BIN ?? '', 'psql')
  const sql = (statement: string) => execFileSync(psql, [database.href, '--quiet', '--command', statement])
  sql(`create database ${name}`)
  const own = new URL(database)
  own.pathname = `/${name}`

  const mails = mkdtempSync(join(tmpdir(), 'folkshelf-e2e-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const environment = {
    FOLKSHELF_ENVIRONMENT: 'development',
    FOLKSHELF_DATABASE__URL: own.href,
    FOLKSHELF_REDIS__URL: needed('REDIS_URL'),
    FOLKSHELF_REDIS__PREFIX: name,
    FOLKSHELF_HTTP__LISTEN: `127.0.0.1:${port}`,
    FOLKSHELF_HTTP__PUBLIC_URL: url,
    FOLKSHELF_MAIL__DIRECTORY: mails,
    // Cheap hashes: the tests register many members.
    FOLKSHELF_AUTH__BCRYPT_COST: '4',
    // Members that are made once for all tests of a worker speak all through the run.
    FOLKSHELF_AUTH__ACCESS_TOKEN_MINUTES: '60',
    FOLKSHELF_LOG__FORMAT: 'json',
    FOLKSHELF_LOG__FILTER: 'error',
  }
  const options = { env: { ...process.env, ...environment } }
  for (const command of ['migrate', 'seed'])
    execFileSync(program, [command], { ...options, stdio: ['ignore', 'ignore', 'inherit'] })
  const serving = spawn(program, ['serve'], { ...options, stdio: ['ignore', 'ignore', 'inherit'] })
  await ready(serving, url)
  process.env.FOLKSHELF_E2E_FACTS = JSON.stringify({ url, mails, program, environment } satisfies HostFacts)

  return async () => {
    await ended(serving)
    sql(`drop database ${name} with (force)`)
    rmSync(mails, { recursive: true })
  }
}

/** Another host on the data of the tests, set up otherwise. */
export async function another(settings: Record<string, string>): Promise<{ url: string; end: () => Promise<void> }> {
  const { program, environment } = host()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const own = { FOLKSHELF_HTTP__LISTEN: `127.0.0.1:${port}`, FOLKSHELF_HTTP__PUBLIC_URL: url, ...settings }
  const env = { ...process.env, ...environment, ...own }
  const serving = spawn(program, ['serve'], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  await ready(serving, url)
  return { url, end: () => ended(serving) }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

async function ready(serving: ChildProcess, url: string): Promise<void> {
  const deadline = Date.now() + 60_000
  while (Date.now() < deadline) {
    if (serving.exitCode !== null) throw new Error(`the host has ended with ${serving.exitCode}`)
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('the host was not ready within a minute')
}

function ended(serving: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (serving.exitCode !== null) return resolve()
    const patience = setTimeout(() => serving.kill('SIGKILL'), 10_000)
    serving.once('exit', () => {
      clearTimeout(patience)
      resolve()
    })
    serving.kill('SIGTERM')
  })
}
