import type { Import } from './imports'

export type LeftOutRow = Import['leftOut'][number]
export type Reason = LeftOutRow['reason']

export interface LeftOutGroup {
  reason: Reason
  /** The host lists the first rows only, and counts all. */
  count: number
  rows: LeftOutRow[]
}

/** Those first that a member may want all the same. */
const ORDER: readonly Reason[] = [
  'not_owned',
  'shelf_full',
  'twice_in_file',
  'already_on_shelf',
  'deleted',
  'not_a_book',
]

export function leftOutGroups({ leftOut, leftOutCounts }: Pick<Import, 'leftOut' | 'leftOutCounts'>): LeftOutGroup[] {
  return leftOutCounts
    .filter(({ count }) => count > 0)
    .map(({ reason, count }) => ({ reason, count, rows: leftOut.filter((row) => row.reason === reason) }))
    .toSorted((one, other) => ORDER.indexOf(one.reason) - ORDER.indexOf(other.reason))
}

/** The import once a row that was left out is on the shelf. */
export function withRowAdded(data: Import, row: number): Import {
  const added = data.leftOut.find((left) => left.row === row)
  if (!added) return data
  const isDouble = added.reason === 'already_on_shelf' || added.reason === 'twice_in_file'
  return {
    ...data,
    imported: data.imported + added.copies,
    duplicates: data.duplicates - (isDouble ? 1 : 0),
    skipped: data.skipped - (isDouble ? 0 : 1),
    leftOut: data.leftOut.filter((left) => left.row !== row),
    leftOutCounts: data.leftOutCounts.map((group) =>
      group.reason === added.reason ? { ...group, count: group.count - 1 } : group,
    ),
  }
}
