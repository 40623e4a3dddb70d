import { valuesOf, type Book, type BookField, type BookValues } from './book-form'
import type { Import } from './imports'

type Note = Import['notes'][number]

/** What a note may be about: a field of a book, or the number of its copies. */
export const noteFields = [
  'title',
  'authors',
  'isbn',
  'publishedYear',
  'language',
  'categories',
  'description',
  'condition',
  'lending',
  'notes',
  'copies',
] as const
export type NoteField = (typeof noteFields)[number]

/** A row whose book is on the shelf without all it said. */
export interface NotedRow {
  row: number
  bookId: string
  fields: NoteField[]
  values: Note['values']
}

/** The host tells each note of a row by itself. */
export function notedRows(notes: readonly Note[]): NotedRow[] {
  const rows = new Map<number, NotedRow>()
  for (const { row, field, bookId, values } of notes) {
    const noted = rows.get(row) ?? { row, bookId, fields: [], values }
    const name = noteFields.find((name) => name === field.split('[')[0])
    if (name && !noted.fields.includes(name)) noted.fields.push(name)
    rows.set(row, noted)
  }
  return [...rows.values()]
}

/** What the row said in a field that was not taken as it stood; nothing where that is too long to be shown. */
export function saidIn(field: NoteField, values: Note['values']): string {
  switch (field) {
    case 'isbn':
    case 'publishedYear':
    case 'language':
    case 'condition':
    case 'lending':
      return values[field] ?? ''
    default:
      return ''
  }
}

/** Fields in which a text that was not taken can be mended; the rest are choices, or hold already what fits. */
const MENDABLE = ['isbn', 'publishedYear', 'title'] as const satisfies readonly BookField[]

/** The book's form with what its row said in the fields that are noted, and which those are. */
export function valuesToMend(book: Book, noted: NotedRow): { values: BookValues; wrong: BookField[] } {
  const values = valuesOf(book)
  const wrong = MENDABLE.filter((field) => noted.fields.includes(field) && values[field] !== noted.values[field])
  for (const field of wrong) values[field] = noted.values[field] ?? values[field]
  return { values, wrong }
}
