// The gzipped JavaScript that somebody's first look at the app fetches: the entry, its words, and all that these import.
// Fails above the budget.
import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'

const BUDGET = 150 * 1024
const FIRST = ['index.html', 'src/i18n/first/fr.ts']

const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(await readFile(new URL('.vite/manifest.json', dist), 'utf8'))

const files = new Set()
function collect(name) {
  const chunk = manifest[name]
  if (!chunk) throw new Error(`${name} is not in the build`)
  if (files.has(chunk.file)) return
  files.add(chunk.file)
  chunk.imports?.forEach(collect)
}
FIRST.forEach(collect)

let total = 0
for (const file of files) {
  const size = gzipSync(await readFile(new URL(file, dist)), { level: 9 }).length
  total += size
  console.log(`${(size / 1024).toFixed(1).padStart(7)} KB  ${file}`)
}
console.log(`${(total / 1024).toFixed(1).padStart(7)} KB  of at most ${BUDGET / 1024} KB`)
if (total > BUDGET) process.exitCode = 1
