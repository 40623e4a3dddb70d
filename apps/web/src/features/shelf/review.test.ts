import { expect, it } from 'vitest'
import {
  fieldOf,
  missing,
  otherShelfColumns,
  ownedShelves,
  startBody,
  tally,
  unchanged,
  withField,
  withShelf,
  type Review,
} from './review'

const column = (index: number, name: string, field: Review['columns'][number]['field']) => ({
  index,
  name,
  field,
  samples: [],
})

const review: Review = {
  columns: [
    column(0, 'Titel', 'title'),
    column(1, 'Wer', null),
    column(2, 'Verfasser', 'authors'),
    column(3, 'Regal', 'shelf'),
  ],
  shelves: [
    { name: 'read', count: 280, owned: true },
    { name: 'to-read', count: 25, owned: false },
    { name: 'currently-reading', count: 7, owned: true },
  ],
  rows: [['Emma', 'Jane', 'Austen', 'read']],
}

it('sends nothing of what was recognised but the shelves that are owned', () => {
  expect(startBody(review, unchanged, review.shelves)).toEqual({ shelves: ['read', 'currently-reading'] })
})

it('takes a field from the column that was it before', () => {
  const choice = withField(review, unchanged, 1, 'authors')
  expect(review.columns.map((column) => fieldOf(column, choice))).toEqual(['title', 'authors', null, 'shelf'])
  expect(startBody(review, choice, review.shelves).columns).toEqual([
    { index: 1, field: 'authors' },
    { index: 2, field: null },
  ])
  const back = withField(review, choice, 2, 'authors')
  expect(startBody(review, back, review.shelves).columns).toBeUndefined()
})

it('says what a book lacks', () => {
  const choice = unchanged
  expect(missing(review, choice)).toBeUndefined()
  expect(missing(review, withField(review, choice, 2, null))).toBe('authors')
  expect(missing(review, withField(review, choice, 0, null))).toBe('title')
  // A list of numbers is enough by itself.
  expect(missing(review, withField(review, choice, 0, 'isbn'))).toBeUndefined()
})

it('counts shelves anew when other columns tell them', () => {
  expect(otherShelfColumns(review, unchanged)).toBeUndefined()
  expect(otherShelfColumns(review, withField(review, unchanged, 0, 'notes'))).toBeUndefined()
  const other = withField(review, unchanged, 1, 'shelf')
  expect(otherShelfColumns(review, other)).toEqual({ shelf: 1 })
  expect(otherShelfColumns(review, withField(review, other, 3, 'owned'))).toEqual({ shelf: 1, owned: 3 })
  const without = withField(review, unchanged, 3, 'categories')
  expect(otherShelfColumns(review, without)).toEqual({})
  expect(startBody(review, without, [])).toEqual({ columns: [{ index: 3, field: 'categories' }] })
  expect(otherShelfColumns(review, withField(review, without, 3, 'shelf'))).toBeUndefined()
})

it('keeps what was said of a shelf while others come and go', () => {
  const said = withShelf(withShelf(unchanged, 'read', false), 'to-read', true)
  expect([...ownedShelves(review.shelves, said)]).toEqual(['to-read', 'currently-reading'])
  const rooms = [
    { name: 'hall', count: 300, owned: true },
    { name: 'read', count: 12, owned: true },
  ]
  expect([...ownedShelves(rooms, said)]).toEqual(['hall'])
})

it('counts what comes and what stays out', () => {
  let choice = unchanged
  const owned = () => ownedShelves(review.shelves, choice)
  expect(tally(review.shelves, owned(), 312)).toEqual({ comes: 287, staysOut: 25, exact: true })
  choice = withShelf(withShelf(choice, 'to-read', true), 'read', false)
  expect(tally(review.shelves, owned(), 312)).toEqual({ comes: 32, staysOut: 280, exact: true })
  expect(tally([], owned(), 312)).toEqual({ comes: 312, staysOut: 0, exact: true })
})

it('promises no more than it knows where a row stands on several shelves', () => {
  const shelves = [
    { name: 'Your library', count: 10, owned: true },
    { name: 'Wishlist', count: 4, owned: false },
  ]
  expect(tally(shelves, new Set(['Your library']), 12)).toEqual({ comes: 8, staysOut: 4, exact: false })
})
