/** In `localStorage`: every tab demands it, also after a reload. */
const STORED = 'folkshelf.position'

/**
 * Milliseconds. Another host takes over the subscriptions of a dead one within 5 s, and a query whose views are more than
 * 5 s late asks PostgreSQL by itself. The host cannot answer a read that demands a position from its memory.
 */
const DEMANDED_FOR = 10_000

/**
 * Two whole numbers, compared one after the other: `748-12`. Before them the context whose log it is, where contexts have
 * databases of their own: `borrowing:748-12`. The host refuses a read that demands anything else.
 */
const FORM = /^(?:([a-z]{1,32}):)?(\d{1,18})-(\d{1,18})$/

function isAfter(one: string, other: string): boolean {
  const [[transaction, sequence], [otherTransaction, otherSequence]] = [numbersOf(one), numbersOf(other)]
  return transaction === otherTransaction ? sequence > otherSequence : transaction > otherTransaction
}

function numbersOf(position: string): [transaction: bigint, sequence: bigint] {
  const [, , transaction = 0, sequence = 0] = FORM.exec(position) ?? []
  return [BigInt(transaction), BigInt(sequence)]
}

const logOf = (position: string) => FORM.exec(position)?.[1]

/** Every later read shall show the event at `position`: it is of this member's own command, or of a live notification. */
export function demandPosition(position: string | null): void {
  if (!position || !FORM.test(position)) return
  const all = demanded()
  const before = all.find((one) => logOf(one) === logOf(position))
  const furthest = before && isAfter(before, position) ? before : position
  const others = all.filter((one) => one !== before)
  localStorage.setItem(STORED, `${[...others, furthest].join()} ${Date.now()}`)
}

/** One of each log. */
function demanded(): string[] {
  const [positions = '', since] = localStorage.getItem(STORED)?.split(' ') ?? []
  const all = positions.split(',')
  // A clock that was set back must not make the demand last.
  return all.every((one) => FORM.test(one)) && Math.abs(Date.now() - Number(since)) < DEMANDED_FOR ? all : []
}

/** What `X-Folkshelf-Min-Position` demands; `undefined` when every host shows what this member knows of. */
export function demandedPosition(): string | undefined {
  return demanded().join() || undefined
}

/** With the session: the next member has not seen any of it. */
export function forgetPosition(): void {
  localStorage.removeItem(STORED)
}
