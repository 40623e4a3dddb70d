import type { ImportSummary } from './queries'

const SHORTEST = 500
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

/** Milliseconds until it is asked again, from those since something last moved. */
export function delayAfter(still: number): number {
  return Math.min(Math.max(still / 2, SHORTEST), LONGEST)
}

/** The rows that need repair, over all imports, and the imports that hold them. */
export function openRows(all: readonly ImportSummary[]): { imports: ImportSummary[]; count: number } {
  const imports = all.filter(({ failed }) => failed > 0)
  return { imports, count: imports.reduce((sum, { failed }) => sum + failed, 0) }
}
