// The gzipped JavaScript of the first load: all that index.html names, with the words of one language, and all that these
// import. Fails above the budget.
import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'

const BUDGET = 150 * 1024
/** A browser is given both languages and needs one: the longer counts. */
const OTHER_WORDS = 'src/i18n/first/en.ts'

const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(await readFile(new URL('.vite/manifest.json', dist), 'utf8'))
const chunks = new Map(Object.values(manifest).map((chunk) => [chunk.file, chunk]))

const files = new Set()
function collect(file) {
  if (files.has(file)) return
  files.add(file)
  chunks.get(file)?.imports?.forEach((name) => collect(manifest[name].file))
}
const page = await readFile(new URL('index.html', dist), 'utf8')
const named = [...page.matchAll(/(?:src|href)="\/([^"]+\.js)"/g)].map(([, file]) => file)
const parts = Object.values(manifest).filter(({ name }) => ['start', 'app', 'vendor'].includes(name))
if (new Set(parts.map(({ name }) => name)).size < 3) throw new Error('a part of the first load has another name now')
for (const { file } of [{ file: 'theme.js' }, manifest[OTHER_WORDS], ...parts])
  if (file.endsWith('.js') && !named.includes(file)) throw new Error(`index.html does not load ${file}`)
named.filter((file) => file !== manifest[OTHER_WORDS].file).forEach(collect)

let total = 0
for (const file of files) {
  const size = gzipSync(await readFile(new URL(file, dist)), { level: 9 }).length
  total += size
  console.log(`${(size / 1024).toFixed(1).padStart(7)} KB  ${file}`)
}
console.log(`${(total / 1024).toFixed(1).padStart(7)} KB  of at most ${BUDGET / 1024} KB`)
if (total > BUDGET) process.exitCode = 1
