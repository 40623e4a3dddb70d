import type { components } from '@/api/schema'
import { isPast } from '@/i18n/format'

export type Loan = components['schemas']['BorrowView']
export type LoanStatus = components['schemas']['BorrowStatus']

/** As whom somebody looks at a loan. */
export type Part = 'owner' | 'borrower' | 'moderator'

export const openStatuses = ['pending', 'queued', 'approved', 'active', 'return_pending', 'disputed'] as const

export type Action =
  | 'approve'
  | 'reject'
  | 'cancel'
  | 'handOver'
  | 'enterCode'
  | 'requestExtension'
  | 'grantExtension'
  | 'refuseExtension'
  | 'declareReturn'
  | 'confirmReturn'
  | 'notReceived'
  | 'reportLost'
  | 'resolve'

export interface Actions {
  /** What is to be done next. */
  main?: Action
  /** What one may well do instead. */
  beside?: Action
  /** What is seldom needed. */
  more: readonly Action[]
}

export function partOf(loan: Loan, userId: string): Part {
  if (loan.owner.id === userId) return 'owner'
  return loan.borrower.id === userId ? 'borrower' : 'moderator'
}

/** The element that says how a loan stands: the focus goes there after each step. */
export function statusId({ id }: Loan): string {
  return `status-${id}`
}

export function otherOf(loan: Loan, part: Part) {
  return part === 'owner' ? loan.borrower : loan.owner
}

export function isOpen({ status }: Loan): boolean {
  return openStatuses.some((open) => open === status)
}

/** The book is with the borrower, or kept for them: as long as it is, neither of the two can leave. */
export function isHeld({ status }: Loan): boolean {
  return status === 'approved' || status === 'active' || status === 'return_pending' || status === 'disputed'
}

/** As the clock says now: what was loaded an hour ago may have become late. */
export function isOverdue({ status, dueAt }: Loan, now?: Date): boolean {
  return status === 'active' && Boolean(dueAt) && isPast(dueAt as string, now)
}

/** What the host lets somebody do with a loan as it stands. */
export function actionsOf(loan: Loan, part: Part, now?: Date): Actions {
  if (part === 'moderator') return loan.status === 'disputed' ? { main: 'resolve', more: [] } : { more: [] }
  return part === 'owner' ? ownersActions(loan, now) : borrowersActions(loan)
}

function ownersActions(loan: Loan, now?: Date): Actions {
  switch (loan.status) {
    case 'pending':
      return { main: 'approve', beside: 'reject', more: [] }
    case 'approved':
      return { main: 'handOver', more: ['cancel'] }
    case 'active':
      if (loan.extensionRequested)
        return { main: 'grantExtension', beside: 'refuseExtension', more: ['confirmReturn', 'reportLost'] }
      if (isOverdue(loan, now)) return { main: 'confirmReturn', more: ['reportLost'] }
      return { beside: 'confirmReturn', more: ['reportLost'] }
    case 'return_pending':
      return { main: 'confirmReturn', beside: 'notReceived', more: [] }
    default:
      return { more: [] }
  }
}

function borrowersActions(loan: Loan): Actions {
  switch (loan.status) {
    case 'pending':
    case 'queued':
      return { beside: 'cancel', more: [] }
    case 'approved':
      return { main: 'enterCode', more: ['cancel'] }
    case 'active':
      return loan.extensionRequested
        ? { main: 'declareReturn', more: ['reportLost'] }
        : { main: 'declareReturn', beside: 'requestExtension', more: ['reportLost'] }
    default:
      return { more: [] }
  }
}

export function allows({ main, beside, more }: Actions, action: Action): boolean {
  return action === main || action === beside || more.includes(action)
}

/** Somebody waits for this person, or the book does. */
export function needs(loan: Loan, part: Part, now?: Date): boolean {
  if (part === 'moderator') return loan.status === 'disputed'
  if (loan.status === 'approved' || isOverdue(loan, now)) return true
  return (
    part === 'owner' &&
    (loan.status === 'pending' || loan.status === 'return_pending' || Boolean(loan.extensionRequested))
  )
}

/** The hand-over of a book that is given away ends it. */
export function wasGiven({ closedReason, status }: Loan): boolean {
  return status === 'returned' && closedReason === 'given'
}

export type StepName = 'asked' | 'agreed' | 'handedOver' | 'back' | 'rejected' | 'cancelled' | 'expired' | 'lost'

export interface Step {
  name: StepName
  /** `ended`: nothing comes after it, although something should have. */
  state: 'done' | 'now' | 'ahead' | 'ended'
  at?: string | null | undefined
}

/** The way of a loan: what lies behind it, what is awaited, what is to come. `gives`: the book is not to come back. */
export function stepsOf(loan: Loan, gives: boolean): Step[] {
  const way: Array<Pick<Step, 'name' | 'at'>> = [
    { name: 'asked', at: loan.requestedAt },
    { name: 'agreed', at: loan.approvedAt },
    { name: 'handedOver', at: loan.handedOverAt },
    ...(gives ? [] : [{ name: 'back' as const, at: loan.returnedAt }]),
  ]
  const reached = way.filter(({ at }) => at).map((step): Step => ({ ...step, state: 'done' }))
  if (!isOpen(loan))
    return loan.status === 'returned'
      ? reached
      : [...reached, { name: loan.status as StepName, state: 'ended', at: loan.closedAt }]
  const ahead = way.slice(reached.length)
  return [...reached, ...ahead.map(({ name }, index): Step => ({ name, state: index === 0 ? 'now' : 'ahead' }))]
}
