import { bodyOf, bookFields, type BookField, type BookValues } from './book-form'

/** A field that somebody changed meanwhile, and that does not stand in the form as it now is. */
export interface Difference {
  field: BookField
  /** Whether it was changed here too. */
  mineChanged: boolean
}

/** What field by field differs between the form and the book as it now is, where it is not as it was when it was opened. */
export function changedMeanwhile(before: BookValues, mine: BookValues, now: BookValues): Difference[] {
  return bookFields
    .filter((field) => !same(field, before, now) && !same(field, mine, now))
    .map((field) => ({ field, mineChanged: !same(field, before, mine) }))
}

/** The form with some fields as they now are. */
export function withTheirs(mine: BookValues, now: BookValues, fields: readonly BookField[]): BookValues {
  return { ...mine, ...Object.fromEntries(fields.map((field) => [field, now[field]])) }
}

/** By what would be sent: blanks around a title are no difference, nor is another way to write an ISBN's digits. */
function same(field: BookField, one: BookValues, other: BookValues): boolean {
  const [first, second] = [one, other].map((values) => bodyOf(values)[field])
  return JSON.stringify(first) === JSON.stringify(second)
}
