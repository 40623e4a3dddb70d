import { needs, partOf, type Loan } from './loan'

/** Loans that stand together: the requests for one book, or one loan alone. Never empty. */
export type Group = readonly [Loan, ...Loan[]]

/** What waits for me: with a request that I can answer stand those that wait in line behind it. */
export function waitingForMe(loans: readonly Loan[], userId: string): { loans: Loan[]; count: number } {
  const pressing = loans.filter((loan) => needs(loan, partOf(loan, userId)))
  const asked = new Set(pressing.filter(isRequest).map(({ book }) => book.id))
  const behind = loans.filter((loan) => isQueuedFor(loan, userId) && asked.has(loan.book.id))
  return { loans: [...pressing, ...behind], count: pressing.length }
}

/**
 * What is due first comes first, then what was asked for first. Requests for one book stand together, the oldest first:
 * whoever lends a book sees at once who else would like it.
 */
export function inOrder(loans: readonly Loan[]): Group[] {
  const groups = new Map<string, [Loan, ...Loan[]]>()
  for (const loan of loans.toSorted((a, b) => a.requestedAt.localeCompare(b.requestedAt))) {
    const name = groupOf(loan)
    const group = groups.get(name)
    if (group) group.push(loan)
    else groups.set(name, [loan])
  }
  return [...groups.values()].toSorted(([a], [b]) => urgencyOf(a).localeCompare(urgencyOf(b)))
}

/** The name of the group that a loan stands in, however many are in it. */
export function groupOf(loan: Loan): string {
  return isRequest(loan) ? `book ${loan.book.id}` : loan.id
}

function urgencyOf({ dueAt, pickupBy, requestedAt, status }: Loan): string {
  return (status === 'approved' ? pickupBy : dueAt) ?? `9 ${requestedAt}`
}

function isRequest({ status }: Loan): boolean {
  return status === 'pending' || status === 'queued'
}

function isQueuedFor({ status, owner }: Loan, userId: string): boolean {
  return status === 'queued' && owner.id === userId
}
