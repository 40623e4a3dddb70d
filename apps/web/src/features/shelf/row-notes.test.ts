import { expect, it } from 'vitest'
import { bookRules, type Book } from './book-form'
import { notedRows, saidIn, valuesToMend } from './row-notes'

const emma: Book = {
  id: 'emma',
  title: 'Emma',
  authors: ['Jane Austen'],
  publishedYear: 1815,
  categories: [],
  lending: 'off',
  status: 'available',
  available: true,
  owner: { id: 'ada', name: 'Ada' },
  createdAt: '2026-11-01T10:00:00Z',
  updatedAt: '2026-11-01T10:00:00Z',
  version: 3,
}
const values = { title: 'Emma', authors: ['Jane Austen'], isbn: '9780141439580', lending: 'maybe' }
const note = (field: string, row = 7) => ({ row, field, message: 'as the host says', bookId: 'emma', values })

it('gathers the notes of a row', () => {
  const rows = notedRows([note('isbn'), note('lending'), note('categories[3]', 8), note('something new', 9)])
  expect(rows.map(({ row, fields }) => [row, fields])).toEqual([
    [7, ['isbn', 'lending']],
    [8, ['categories']],
    [9, []],
  ])
})

it('says what a choice was that nobody understood', () => {
  expect([saidIn('lending', values), saidIn('categories', values)]).toEqual(['maybe', ''])
})

it('opens the form with the number as it was written, and the rules find what is wrong with it', () => {
  const [noted] = notedRows([note('isbn'), note('lending')])
  const { values: form, wrong } = valuesToMend(emma, noted!)
  expect([form.isbn, form.publishedYear, form.lending, wrong]).toEqual(['9780141439580', '1815', 'off', ['isbn']])
  const { error } = bookRules(((key: string) => key) as never).safeParse(form)
  expect(error?.issues.map(({ path, message }) => [path[0], message])).toEqual([['isbn', 'isbn.fault.checkDigit']])
})
