// Writes a .br and a .gz beside every file of the build that is worth it, so that the host never compresses anything.
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const compressible = /\.(js|css|html|svg|json|webmanifest)$/
const smallest = 512

const brotli = (content) =>
  promisify(brotliCompress)(content, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
  })
const zip = (content) => promisify(gzip)(content, { level: 9 })

const dist = new URL('../dist', import.meta.url).pathname
for (const entry of await readdir(dist, { recursive: true })) {
  const path = join(dist, entry)
  if (!compressible.test(entry) || (await stat(path)).size < smallest) continue
  const content = await readFile(path)
  await Promise.all([
    brotli(content).then((small) => writeFile(`${path}.br`, small)),
    zip(content).then((small) => writeFile(`${path}.gz`, small)),
  ])
}
