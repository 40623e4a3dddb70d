import { beforeAll, describe, expect, it } from 'vitest'
import { i18n, startI18n } from '@/i18n/i18n'
import { bodyOf, bookRules, emptyBook, type BookValues } from './book-form'

const emma: BookValues = { ...emptyBook, title: 'Emma', authors: [{ name: 'Jane Austen' }] }

beforeAll(async () => {
  await startI18n('en')
  await i18n.loadNamespaces('shelf')
})

function wrong(values: Partial<BookValues>): string[] {
  const rules = bookRules(i18n.getFixedT('en', 'shelf'), new Date(2026, 10, 21))
  const { error } = rules.safeParse({ ...emma, ...values })
  return error?.issues.map(({ path }) => path.join('.')) ?? []
}

describe('the rules of a book', () => {
  it('ask for a title and one author', () => {
    expect(wrong({})).toEqual([])
    expect(wrong({ title: ' ', authors: [{ name: ' ' }, { name: '' }] })).toEqual(['title', 'authors.0.name'])
    expect(wrong({ authors: [{ name: '' }, { name: 'Ann' }] })).toEqual([])
  })

  it.each([
    ['-750', []],
    ['2027', []],
    ['2028', ['publishedYear']],
    ['0', ['publishedYear']],
    ['-5001', ['publishedYear']],
    ['1e3', ['publishedYear']],
    ['long ago', ['publishedYear']],
  ])('judge the year %s', (publishedYear, fields) => {
    expect(wrong({ publishedYear })).toEqual(fields)
  })

  it('name every field that is wrong', () => {
    const categories = Array.from({ length: 21 }, (_, place) => `Number ${place}`)
    const bad = { isbn: '0439023484', categories, condition: 'mint', lending: '', notes: 'x'.repeat(1001) }
    expect(wrong(bad).toSorted()).toEqual(['categories', 'condition', 'isbn', 'lending', 'notes'])
  })
})

it('is sent with empty fields as nothing, and without empty authors', () => {
  const values = {
    ...emma,
    authors: [{ name: ' Jane Austen ' }, { name: '' }],
    isbn: '0-439-02348-3',
    description: ' ',
  }
  expect(bodyOf(values)).toEqual({
    title: 'Emma',
    authors: ['Jane Austen'],
    isbn: '9780439023481',
    publishedYear: null,
    language: null,
    categories: [],
    description: null,
    condition: null,
    notes: null,
    lending: 'lend',
  })
})
