import type { components } from '@/api/schema'
import { bookFields, conditions, emptyBook, lendings, type BookField, type BookValues } from './book-form'
import type { Import } from './imports'

type RowValues = components['schemas']['RowValues']

/** A row that was not taken. */
export interface BadRow {
  row: number
  /** The fields that are wrong; none where the row as a whole is. */
  wrong: BookField[]
  values: BookValues
}

/** The rows that were not taken, in their order; the host tells each of their faults by itself. */
export function badRows(errors: Import['errors']): BadRow[] {
  const rows = new Map<number, BadRow>()
  for (const { row, field, values } of errors) {
    const bad = rows.get(row) ?? { row, wrong: [], values: formValues(values) }
    // `authors[1]` is one of the authors.
    const name = bookFields.find((name) => name === field.split('[')[0])
    if (name && !bad.wrong.includes(name)) bad.wrong.push(name)
    rows.set(row, bad)
  }
  return [...rows.values()]
}

/** The import once a row is dealt with: one that was not taken, or one with notes. */
export function withRowDone(data: Import, row: number): Import {
  const failed = data.errors.some((error) => error.row === row)
  const noted = data.notes.some((note) => note.row === row)
  return {
    ...data,
    failed: data.failed - (failed ? 1 : 0),
    repaired: data.repaired + (failed ? 1 : 0),
    noted: data.noted - (noted ? 1 : 0),
    errors: data.errors.filter((error) => error.row !== row),
    notes: data.notes.filter((note) => note.row !== row),
  }
}

/** A choice between words has no place for others: it has to be made again. */
function formValues({ authors, condition, lending, ...read }: RowValues): BookValues {
  const said = Object.fromEntries(Object.entries(read).filter(([, value]) => value !== null))
  return {
    ...emptyBook,
    ...said,
    ...(authors && { authors: authors.map((name) => ({ name })) }),
    condition: conditions.find((known) => known === condition) ?? '',
    lending: lendings.find((known) => known === lending) ?? (lending ? '' : emptyBook.lending),
  }
}
