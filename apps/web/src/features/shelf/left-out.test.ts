import { expect, it } from 'vitest'
import type { Import } from './imports'
import { leftOutGroups, withRowAdded } from './left-out'

const row = (row: number, reason: Import['leftOut'][number]['reason'], copies = 1) => ({
  row,
  reason,
  title: `Volume ${row}`,
  authors: ['Ann Author'],
  bookId: null,
  copies,
})

const data = {
  imported: 10,
  duplicates: 2,
  skipped: 1,
  leftOut: [row(2, 'already_on_shelf'), row(5, 'not_owned', 3), row(9, 'already_on_shelf')],
  leftOutCounts: [
    { reason: 'already_on_shelf', count: 2 },
    { reason: 'deleted', count: 0 },
    { reason: 'not_owned', count: 1 },
  ],
} as unknown as Import

it('groups the rows by reason, those first that may be wanted', () => {
  expect(leftOutGroups(data).map(({ reason, count, rows }) => [reason, count, rows.map(({ row }) => row)])).toEqual([
    ['not_owned', 1, [5]],
    ['already_on_shelf', 2, [2, 9]],
  ])
})

it('counts a row that was added among the books, with its copies', () => {
  const added = withRowAdded(data, 5)
  expect([added.imported, added.duplicates, added.skipped]).toEqual([13, 2, 0])
  expect(leftOutGroups(added).map(({ reason }) => reason)).toEqual(['already_on_shelf'])
  const both = withRowAdded(added, 9)
  expect([both.imported, both.duplicates, both.skipped]).toEqual([14, 1, 0])
  expect(withRowAdded(both, 9)).toBe(both)
})
