/** In `localStorage`: every tab demands it, also after a reload. */
const STORED = 'folkshelf.position'

/**
 * Milliseconds. Another host takes over the subscriptions of a dead one within 5 s, and a query whose views are more than
 * 5 s late asks PostgreSQL by itself. The host cannot answer a read that demands a position from its memory.
 */
const DEMANDED_FOR = 10_000

/** Two whole numbers, compared one after the other: `748-12`. The host refuses a read that demands anything else. */
const FORM = /^(\d{1,18})-(\d{1,18})$/

function isAfter(one: string, other: string): boolean {
  const [[transaction, sequence], [otherTransaction, otherSequence]] = [numbersOf(one), numbersOf(other)]
  return transaction === otherTransaction ? sequence > otherSequence : transaction > otherTransaction
}

function numbersOf(position: string): [transaction: bigint, sequence: bigint] {
  const [, transaction = 0, sequence = 0] = FORM.exec(position) ?? []
  return [BigInt(transaction), BigInt(sequence)]
}

/** Every later read shall show the event at `position`: it is of this member's own command, or of a live notification. */
export function demandPosition(position: string | null): void {
  if (!position || !FORM.test(position)) return
  const before = demandedPosition()
  const furthest = before && isAfter(before, position) ? before : position
  localStorage.setItem(STORED, `${furthest} ${Date.now()}`)
}

/** The position for `X-Folkshelf-Min-Position`; `undefined` when every host shows what this member knows of. */
export function demandedPosition(): string | undefined {
  const [position = '', since] = localStorage.getItem(STORED)?.split(' ') ?? []
  // A clock that was set back must not make the demand last.
  return FORM.test(position) && Math.abs(Date.now() - Number(since)) < DEMANDED_FOR ? position : undefined
}

/** With the session: the next member has not seen any of it. */
export function forgetPosition(): void {
  localStorage.removeItem(STORED)
}
