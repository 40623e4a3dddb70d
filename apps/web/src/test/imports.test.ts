import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'

/** Imports that the lint rules refuse: the file, what it imports, and the beginning of the reason. */
const REFUSED: Array<[file: string, imported: string, why: string]> = [
  ['src/store.ts', '@/i18n/zone', 'The store imports nothing'],
  ['src/i18n/zone.ts', '@/ui/toast', 'i18n imports'],
  ['src/i18n/zone.ts', '@/api/client', 'i18n imports'],
  ['src/i18n/first/en.ts', '@/features/book', 'i18n imports'],
  ['src/i18n/first/en.ts', '../../features/book/words', 'Another folder'],
  ['src/ui/Button.tsx', '@/api/client', 'ui imports'],
  ['src/ui/form/Form.tsx', '@/features/book', 'ui imports'],
  ['src/ui/form/Form.tsx', '../../api/client', 'Another folder'],
  ['src/api/client.ts', '@/features/book', 'api imports'],
  ['src/api/client.ts', '@/app/router', 'api imports'],
  ['src/features/book/BookPage.tsx', '@/app/router', 'A feature does not know'],
  ['src/features/book/BookPage.tsx', '@/features/loans/loan', 'A feature is imported'],
  ['src/features/book/BookPage.tsx', '../loans/loan', 'A feature is imported'],
  ['src/features/loans/dialogs/Dialog.tsx', '../../book/queries', 'A feature is imported'],
  ['src/features/loans/dialogs/Dialog.tsx', '@/features/book/queries', 'A feature is imported'],
  ['src/app/router.tsx', '@/features/book/BookPage', 'A feature is imported'],
  ['src/app/router.tsx', '../features/book', 'Another folder'],
  ['src/app/first-look/FirstPage.tsx', '@/features/catalogue/queries', 'The first look imports'],
]

const ALLOWED: Array<[file: string, imported: string]> = [
  ['src/i18n/zone.ts', '@/store'],
  ['src/i18n/first/en.ts', '@/features/catalogue/locales/en.json'],
  ['src/ui/form/Form.tsx', '../Button'],
  ['src/ui/Button.tsx', '@/i18n/format'],
  ['src/api/client.ts', '@/ui/toast'],
  ['src/features/book/BookPage.tsx', '@/features/loans'],
  ['src/features/loans/dialogs/Dialog.tsx', '../loan'],
  ['src/app/router.tsx', '@/features/book'],
  ['src/app/first-look/FirstPage.tsx', '@/features/catalogue/first-look'],
]

/** Files that import each other. */
const CIRCLES: Record<string, string> = {
  'src/ui/one.ts': "export { two } from './two'",
  'src/ui/two.ts': "export { one } from './one'",
  'src/features/ring/one.ts': "import type { Two } from '@/features/link'\nexport type One = Two",
  'src/features/link/index.ts': "import type { One } from '@/features/ring'\nexport type Two = One",
  'src/features/ring/index.ts': "export type { One } from './one'",
}

interface Finding {
  code: string
  filename: string
  help: string
}

let place: string
let findings: Finding[]

function plant(path: string, text: string) {
  mkdirSync(dirname(join(place, path)), { recursive: true })
  writeFileSync(join(place, path), `${text}\n`)
}

/** Each import in a file of its own beside the one that is meant, so that a finding says which it is. */
const planted = (file: string, nth: number, kind: string) =>
  file.replace(/\/(\w+)\.(tsx?)$/, (_, name: string, type: string) => `/${name}.${kind}${nth}.${type}`)

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'folkshelf-imports-'))
  for (const name of ['.oxlintrc.json', 'tsconfig.json']) cpSync(name, join(place, name))
  for (const [nth, [file, imported]] of REFUSED.entries()) {
    plant(file === 'src/store.ts' ? file : planted(file, nth, 'still'), `export { x } from '${imported}'`)
    if (file !== 'src/store.ts') plant(planted(file, nth, 'lazy'), `export const load = () => import('${imported}')`)
  }
  for (const [nth, [file, imported]] of ALLOWED.entries())
    plant(planted(file, nth, 'good'), `export { x } from '${imported}'`)
  for (const [file, text] of Object.entries(CIRCLES)) plant(file, text)
  const oxlint = join(process.cwd(), 'node_modules/oxlint/bin/oxlint')
  const { stdout } = spawnSync(process.execPath, [oxlint, '--format=json'], { cwd: place, encoding: 'utf8' })
  findings = (JSON.parse(stdout) as { diagnostics: Finding[] }).diagnostics
}, 60_000)

afterAll(() => rmSync(place, { recursive: true, force: true }))

const refusals = (file: string) =>
  findings.filter(({ filename, code }) => filename === file && code.includes('no-restricted-imports'))

it.each(REFUSED.map((refused, nth) => [...refused, nth] as const))('%s cannot import %s', (file, _, why, nth) => {
  const files = file === 'src/store.ts' ? [file] : [planted(file, nth, 'still'), planted(file, nth, 'lazy')]
  for (const planted of files)
    expect(refusals(planted).map(({ help }) => help)).toEqual([expect.stringMatching(new RegExp(`^${why}`))])
})

it.each(ALLOWED.map((allowed, nth) => [...allowed, nth] as const))('%s can import %s', (file, _, nth) => {
  expect(refusals(planted(file, nth, 'good'))).toEqual([])
})

it('files cannot import each other', () => {
  const circles = findings.filter(({ code }) => code.includes('no-cycle')).map(({ filename }) => filename)
  expect([...new Set(circles)].toSorted()).toEqual(Object.keys(CIRCLES).toSorted())
})

/** What each feature imports of others. The lint rule does not follow an index to the pages that it fetches later. */
function featuresBehind(sources: Record<string, string>): Map<string, Set<string>> {
  const behind = new Map<string, Set<string>>()
  for (const [path, text] of Object.entries(sources)) {
    const feature = /features\/(\w+)\//.exec(path)?.[1] ?? ''
    const imported = behind.get(feature) ?? new Set()
    for (const [, other = ''] of text.matchAll(/'@\/features\/(\w+)'/g)) imported.add(other)
    behind.set(feature, imported)
  }
  return behind
}

/** The way from a feature back to itself. */
function circleIn(behind: Map<string, Set<string>>): string[] | undefined {
  const harmless = new Set<string>()
  const follow = (feature: string, way: string[]): string[] | undefined => {
    if (way.includes(feature)) return [...way.slice(way.indexOf(feature)), feature]
    if (harmless.has(feature)) return undefined
    for (const next of behind.get(feature) ?? []) {
      const circle = follow(next, [...way, feature])
      if (circle) return circle
    }
    harmless.add(feature)
    return undefined
  }
  for (const feature of behind.keys()) {
    const circle = follow(feature, [])
    if (circle) return circle
  }
  return undefined
}

it('features cannot import each other, also where their pages are fetched later', () => {
  const sources = import.meta.glob<string>('../features/**/*.{ts,tsx}', {
    eager: true,
    query: '?raw',
    import: 'default',
  })
  const behind = featuresBehind(sources)
  expect(behind.get('shelf')).toContain('loans')
  expect(circleIn(behind)).toBeUndefined()
  const ring = { '../features/loans/LoanPage.tsx': "import { loadShelfPage } from '@/features/shelf'" }
  expect(circleIn(featuresBehind({ ...sources, ...ring }))).toEqual(['loans', 'shelf', 'loans'])
})
