import type { TFunction } from 'i18next'
import type { Formats } from '@/i18n/format'
import { isOverdue, wasGiven, type Loan, type Part } from './loan'

type Tone = 'neutral' | 'free' | 'due' | 'late' | 'plain'

/** How a loan stands, in a word or two. */
export function statusOf(loan: Loan): { key: StatusKey; tone: Tone } {
  if (isOverdue(loan)) return { key: 'overdue', tone: 'late' }
  if (loan.extensionRequested) return { key: 'extension_requested', tone: 'due' }
  if (wasGiven(loan)) return { key: 'given', tone: 'free' }
  if (loan.status === 'returned' && loan.condition === 'damaged') return { key: 'damaged', tone: 'late' }
  return { key: loan.status, tone: tones[loan.status] }
}

type StatusKey = Loan['status'] | 'overdue' | 'extension_requested' | 'given' | 'damaged'

const tones: Record<Loan['status'], Tone> = {
  pending: 'plain',
  queued: 'neutral',
  approved: 'free',
  active: 'neutral',
  return_pending: 'due',
  disputed: 'late',
  returned: 'free',
  rejected: 'neutral',
  cancelled: 'neutral',
  expired: 'neutral',
  lost: 'late',
}

/** What there is to say about it in one line; `undefined` where the due date says it. */
export function lineOf(loan: Loan, part: Part, t: TFunction<'loans'>, format: Formats): string | undefined {
  const days = t('days', { count: loan.days })
  switch (loan.status) {
    case 'pending':
      return part === 'owner' ? t('line.asksFor', { days }) : t('line.unanswered', { owner: loan.owner.name })
    case 'queued':
      return loan.queuePosition === 1
        ? t('line.next')
        : t('line.queued', { position: format.number(loan.queuePosition ?? 1) })
    case 'approved':
      return loan.pickupBy ? t('line.pickUpBy', { when: format.shortDay(loan.pickupBy) }) : undefined
    case 'active':
      return loan.extensionRequested
        ? t('line.asksForMore', { days: t('days', { count: loan.extensionRequested }) })
        : undefined
    case 'return_pending':
      return t('line.saidToBeBack', { when: format.day(loan.returnDeclaredAt ?? loan.requestedAt) })
    case 'disputed':
      return t('line.disputed')
    default:
      return format.day(loan.closedAt ?? loan.requestedAt)
  }
}
