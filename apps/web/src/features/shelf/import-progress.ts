import type { ImportSummary } from './queries'

const FIRST = 500
const LONGEST = 8000

type Counts = Pick<ImportSummary, 'imported' | 'duplicates' | 'failed' | 'repaired' | 'total'>

/** Rows that are dealt with. */
export function rowsDone({ imported, duplicates, failed, repaired }: Counts): number {
  return imported + duplicates + failed + repaired
}

/** From 0 to 1; `undefined` while nobody knows how many rows there are. */
export function shareDone(counts: Counts): number | undefined {
  return counts.total > 0 ? Math.min(rowsDone(counts) / counts.total, 1) : undefined
}

/** When to ask again: soon while rows go, doubling while nothing moves. */
export function nextDelay(before: { done: number; delay: number } | undefined, done: number): number {
  if (!before || before.done !== done) return FIRST
  return Math.min(before.delay * 2, LONGEST)
}
