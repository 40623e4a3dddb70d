import { describe, expect, it } from 'vitest'

type Words = { [key: string]: string | Words }

const files = import.meta.glob<Words>(['./*/??.json', '../features/*/locales/??.json'], {
  eager: true,
  import: 'default',
})
const places = [...new Set(Object.keys(files).map((path) => path.replace(/..\.json$/, '')))]

function flatten(words: Words, prefix = ''): Record<string, string> {
  return Object.fromEntries(
    Object.entries(words).flatMap(([key, value]) =>
      typeof value === 'string' ? [[prefix + key, value]] : Object.entries(flatten(value, `${prefix}${key}.`)),
    ),
  )
}

function wordsOf(place: string, language: string): Record<string, string> {
  const words = files[`${place}${language}.json`]
  if (!words) throw new Error(`${place} has no words in ${language}`)
  return flatten(words)
}

const PLURAL = /_(zero|one|two|few|many|other)$/
const meanings = (words: Record<string, string>) =>
  [...new Set(Object.keys(words).map((key) => key.replace(PLURAL, '')))].toSorted()
const holes = (text: string) => [...text.matchAll(/\{\{\s*(\w+)/g)].map((hole) => hole[1]).toSorted()

describe.each(places)('the words of %s', (place) => {
  const english = wordsOf(place, 'en')
  const french = wordsOf(place, 'fr')

  it('mean the same things in both languages', () => {
    expect(meanings(french)).toEqual(meanings(english))
  })

  it.each([
    ['en', english],
    ['fr', french],
  ])('have every plural of %s', (language, words) => {
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories
    const plurals = new Set(Object.keys(words).flatMap((key) => (PLURAL.test(key) ? [key.replace(PLURAL, '')] : [])))
    const missing = [...plurals]
      .flatMap((key) => forms.map((form) => `${key}_${form}`))
      .filter((key) => !(key in words))
    expect(missing).toEqual([])
  })

  it('count in the text below a title that counts', () => {
    const titles = meanings(english).filter((key) => key.endsWith('.title') && !(key in english))
    const texts = titles.map((key) => key.replace(/title$/, 'text'))
    expect(texts.filter((key) => key in english || key in french)).toEqual([])
  })

  it('have the same holes to fill', () => {
    for (const [key, text] of Object.entries(french)) {
      const original = english[key] ?? english[key.replace(PLURAL, '_other')]
      expect([key, holes(text)]).toEqual([key, holes(original ?? '')])
    }
  })

  it('follow French typography', () => {
    for (const text of Object.values(french)) {
      expect(text).not.toMatch(/'/)
      expect(text.replace(/https?:\/\//g, '')).not.toMatch(/[^\u00a0\u202f][:;!?»](\s|$)/)
    }
  })
})
