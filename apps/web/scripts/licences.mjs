// Fails when a package that reaches the browser has a licence that asks for more than to be named.
import { readFileSync } from 'node:fs'

const allowed = new Set(['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'OFL-1.1'])

const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'))
const shipped = Object.entries(packages).filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional)
const refused = shipped.filter(([, { license }]) => !allowed.has(license))
for (const [path, { license }] of refused) console.error(`${path}: ${license ?? 'no licence given'}`)
if (shipped.length === 0 || refused.length > 0) {
  console.error(
    `licences: ${refused.length} of ${shipped.length} packages are not under one of ${[...allowed].join(', ')}`,
  )
  process.exit(1)
}
console.log(`licences: ${shipped.length} packages`)
