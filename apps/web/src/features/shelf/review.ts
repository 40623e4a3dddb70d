import type { components } from '@/api/schema'
import type { Import } from './queries'

export type Review = NonNullable<Import['review']>
export type Column = Review['columns'][number]
export type Shelf = Review['shelves'][number]
export type Field = components['schemas']['Field']
export type StartBody = components['schemas']['StartBody']

/** What a member can say of a column, the most usual first. `version` is Folkshelf's own mark, which nobody chooses. */
export const fields = [
  'title',
  'subtitle',
  'authors',
  'more_authors',
  'isbn',
  'published_year',
  'language',
  'categories',
  'description',
  'condition',
  'notes',
  'lending',
  'copies',
  'shelf',
  'owned',
  'other_title',
  'other_isbn',
  'other_year',
  'more_categories',
  'kind',
  'deleted',
] as const satisfies readonly Field[]

/** What the member says of a file, over what was recognised. */
export interface Choice {
  /** By the column's index; columns that are not in it stay as they were recognised. */
  fields: ReadonlyMap<number, Field | null>
  /** The names of the shelves whose books are owned. */
  owned: ReadonlySet<string>
}

export function recognised(review: Review): Choice {
  return { fields: new Map(), owned: new Set(review.shelves.filter(({ owned }) => owned).map(({ name }) => name)) }
}

export function fieldOf(column: Column, { fields }: Pick<Choice, 'fields'>): Field | null {
  const chosen = fields.get(column.index)
  return chosen === undefined ? (column.field ?? null) : chosen
}

/** Takes a column for a field. No two columns are the same: the one that was it before is not used any more. */
export function withField(review: Review, choice: Choice, index: number, field: Field | null): Choice {
  const fields = new Map(choice.fields)
  for (const column of review.columns) {
    if (field !== null && column.index !== index && fieldOf(column, choice) === field) fields.set(column.index, null)
  }
  fields.set(index, field)
  return { ...choice, fields }
}

export function withShelf(choice: Choice, name: string, owned: boolean): Choice {
  const next = new Set(choice.owned)
  if (owned) next.add(name)
  else next.delete(name)
  return { ...choice, owned: next }
}

/** What no column is taken for although a book needs it. Rows that have a number alone are looked up by it. */
export function missing(review: Review, choice: Choice): 'title' | 'authors' | undefined {
  const has = (...names: Field[]) =>
    review.columns.some((column) => names.some((name) => fieldOf(column, choice) === name))
  if (!has('title', 'other_title')) return has('isbn', 'other_isbn') ? undefined : 'title'
  return has('authors', 'more_authors') ? undefined : 'authors'
}

/** Whether the file still says on which shelf a row stands: without such a column the question has no sense. */
export function asksForShelves(review: Review, choice: Choice): boolean {
  const tells = (field: Field | null) => field === 'shelf' || field === 'owned' || field === 'copies'
  return review.shelves.length > 0 && review.columns.some((column) => tells(fieldOf(column, choice)))
}

export interface Tally {
  comes: number
  staysOut: number
  /** Rows may stand on several shelves at once, and it is enough to own one of them: then fewer may stay out. */
  exact: boolean
}

/** How many rows come to the shelf by what was chosen. */
export function tally(shelves: readonly Shelf[], owned: ReadonlySet<string>, total: number): Tally {
  const sum = (some: readonly Shelf[]) => some.reduce((rows, { count }) => rows + count, 0)
  const standing = sum(shelves)
  const staysOut = Math.min(sum(shelves.filter(({ name }) => !owned.has(name))), total)
  return { comes: total - staysOut, staysOut, exact: standing <= total }
}

/** What is sent: only what differs from what was recognised. */
export function startBody(review: Review, choice: Choice): StartBody {
  const columns = review.columns
    .filter((column) => fieldOf(column, choice) !== (column.field ?? null))
    .map((column) => ({ index: column.index, field: fieldOf(column, choice) }))
  return {
    ...(columns.length > 0 && { columns }),
    ...(asksForShelves(review, choice) && {
      shelves: review.shelves.map(({ name }) => name).filter((name) => choice.owned.has(name)),
    }),
  }
}
