import type { components } from '@/api/schema'
import type { Import } from './imports'

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
  /** By the shelf's name, whether its books are owned; shelves that are not in it stay as the host takes them. */
  owned: ReadonlyMap<string, boolean>
}

export const unchanged: Choice = { fields: new Map(), owned: new Map() }

/** The names of the shelves whose books are owned. */
export function ownedShelves(shelves: readonly Shelf[], { owned }: Pick<Choice, 'owned'>): ReadonlySet<string> {
  return new Set(shelves.filter((shelf) => owned.get(shelf.name) ?? shelf.owned).map(({ name }) => name))
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
  return { ...choice, owned: new Map(choice.owned).set(name, owned) }
}

/** What no column is taken for although a book needs it. Rows that have a number alone are looked up by it. */
export function missing(review: Review, choice: Choice): 'title' | 'authors' | undefined {
  const has = (...names: Field[]) =>
    review.columns.some((column) => names.some((name) => fieldOf(column, choice) === name))
  if (!has('title', 'other_title')) return has('isbn', 'other_isbn') ? undefined : 'title'
  return has('authors', 'more_authors') ? undefined : 'authors'
}

/** The columns, by their index, that say on which shelf a row stands. */
export type ShelfColumns = Partial<Record<'shelf' | 'owned' | 'copies', number>>

function shelfColumns(review: Review, choice: Choice): ShelfColumns {
  const columns: ShelfColumns = {}
  for (const column of review.columns) {
    const field = fieldOf(column, choice)
    if (field === 'shelf' || field === 'owned' || field === 'copies') columns[field] = column.index
  }
  return columns
}

/** The columns by which shelves have to be counted anew: other ones than the host has counted by. */
export function otherShelfColumns(review: Review, choice: Choice): ShelfColumns | undefined {
  const [now, before] = [shelfColumns(review, choice), shelfColumns(review, unchanged)]
  const same = now.shelf === before.shelf && now.owned === before.owned && now.copies === before.copies
  return same ? undefined : now
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

/** What is sent: only what differs from what was recognised. `shelves` are those of the columns that were chosen. */
export function startBody(review: Review, choice: Choice, shelves: readonly Shelf[]): StartBody {
  const columns = review.columns
    .filter((column) => fieldOf(column, choice) !== (column.field ?? null))
    .map((column) => ({ index: column.index, field: fieldOf(column, choice) }))
  return {
    ...(columns.length > 0 && { columns }),
    ...(shelves.length > 0 && { shelves: [...ownedShelves(shelves, choice)] }),
  }
}
