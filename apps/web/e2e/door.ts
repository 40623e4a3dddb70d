import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { host } from './host'

/** The host at an address of its own, as it is after a release: another service worker, and the old files gone. */
export interface Door {
  url: string
  release: () => void
  close: () => Promise<void>
}

export async function openDoor(): Promise<Door> {
  let released = false
  const server = createServer((asked, answer) => {
    const path = asked.url ?? '/'
    if (released && path.startsWith('/assets/')) return answer.writeHead(404).end()
    // What is changed on its way must come, and not compressed.
    const { 'if-none-match': _known, ...others } = asked.headers
    const headers = { ...others, 'accept-encoding': 'identity' }
    const forwarded = request(new URL(path, host().url), { method: asked.method, headers }, (given) => {
      const changed = released && path === '/sw.js'
      const { 'content-length': length, ...rest } = given.headers
      answer.writeHead(given.statusCode ?? 502, changed || length === undefined ? rest : given.headers)
      given.on('end', () => answer.end(changed ? '\n// released' : undefined))
      given.pipe(answer, { end: false })
    })
    forwarded.on('error', () => answer.destroy())
    asked.pipe(forwarded)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    release: () => (released = true),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
