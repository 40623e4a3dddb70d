import type { ImportSummary } from './imports'
const SHORTEST = 500
const LONGEST = 8000

type Counts = Pick<
  ImportSummary,
  'imported' | 'duplicates' | 'skipped' | 'failed' | 'repaired' | 'superseded' | 'total'
>

/** Rows that are dealt with. A row may bring several copies: never more than there are. */
export function rowsDone({ imported, duplicates, skipped, failed, repaired, superseded, total }: Counts): number {
  return Math.min(imported + duplicates + skipped + failed + repaired + superseded, total)
}

/** From 0 to 1; `undefined` while nobody knows how many rows there are. */
export function shareDone(counts: Counts): number | undefined {
  return counts.total > 0 ? Math.min(rowsDone(counts) / counts.total, 1) : undefined
}

/** Milliseconds until it is asked again, from those since something last moved. */
export function delayAfter(still: number): number {
  return Math.min(Math.max(still / 2, SHORTEST), LONGEST)
}
