import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useUserId } from '@/api/useSession'
import { useFormats } from '@/i18n/format'
import { Cover } from '@/ui/Cover'
import { DueDate } from '@/ui/DueDate'
import { StatusPill } from '@/ui/Feedback'
import { Written } from '@/ui/Written'
import { ActionButtons } from './ActionButtons'
import type { Group } from './in-order'
import { isOpen, needs, otherOf, partOf, statusId, type Loan, type Part } from './loan'
import { LoanStatus } from './LoanStatus'
import { lineOf } from './status'

/**
 * A loan in a list, or those who ask for one book of mine, in the order in which they asked. One more or one less changes
 * nothing for the others: what somebody is doing with one of them goes on.
 */
export function LoanGroup({ loans }: { loans: Group }) {
  const several = loans.length > 1
  return (
    <li
      className={several ? 'flex flex-col gap-4 rounded-lg border border-line bg-sunken p-4 lg:col-span-2' : undefined}
    >
      {several && <Asked book={loans[0].book} count={loans.length} />}
      <div role={several ? 'list' : undefined} className={several ? 'grid grid-cols-1 gap-3 lg:grid-cols-2' : 'h-full'}>
        {loans.map((loan) => (
          <LoanCard key={loan.id} loan={loan} several={several} />
        ))}
      </div>
    </li>
  )
}

/** The book that the requests below are for. */
function Asked({ book, count }: { book: Loan['book']; count: number }) {
  const { t } = useTranslation('loans')
  return (
    <div className="flex items-center gap-4">
      <div className="w-10 shrink-0">
        <Cover title={book.title} authors={book.authors} url={book.coverUrl ?? null} />
      </div>
      <div className="min-w-0 flex-1">
        <Written as="h3" className="line-clamp-2 leading-snug">
          {book.title}
        </Written>
        <p className="text-sm text-soft">{t('loans.requests', { count })}</p>
      </div>
    </div>
  )
}

/** Whose it is, how it stands, and what I can do about it now. */
function LoanCard({ loan, several }: { loan: Loan; several: boolean }) {
  const part = partOf(loan, useUserId())
  return (
    <div
      role={several ? 'listitem' : undefined}
      className="relative flex h-full flex-col gap-4 rounded-lg border border-line bg-card p-4 transition-colors hover:border-control"
    >
      {several ? <Who loan={loan} part={part} /> : <What loan={loan} part={part} />}
      {needs(loan, part) && <ActionButtons loan={loan} part={part} compact />}
    </div>
  )
}

/** One of several who ask for the same book. */
function Who({ loan, part }: { loan: Loan; part: Part }) {
  return (
    <div className="flex flex-col items-start gap-1">
      <h4 className="font-medium">
        <Link to={`/loans/${loan.id}`} className={wholeCard}>
          <Written as="span" className="line-clamp-2">
            {otherOf(loan, part).name}
          </Written>
        </Link>
      </h4>
      <Standing loan={loan} part={part} />
    </div>
  )
}

function What({ loan, part }: { loan: Loan; part: Part }) {
  const { t } = useTranslation('loans')
  const { book } = loan
  return (
    <div className="flex gap-4">
      <div className="w-16 shrink-0">
        <Cover title={book.title} authors={book.authors} url={book.coverUrl ?? null} />
      </div>
      <div className="flex min-w-0 flex-1 flex-col items-start gap-1">
        <h3 className="leading-snug">
          <Link to={`/loans/${loan.id}`} className={wholeCard}>
            <Written as="span" className="line-clamp-2">
              {book.title}
            </Written>
          </Link>
        </h3>
        <p className="line-clamp-1 text-sm wrap-anywhere text-soft">
          {t(`line.${part === 'owner' ? 'to' : 'from'}`, { name: otherOf(loan, part).name })}
        </p>
        <Standing loan={loan} part={part} />
      </div>
    </div>
  )
}

/** The link takes a finger anywhere on its card. */
const wholeCard = 'after:absolute after:inset-0 after:rounded-lg'

function Standing({ loan, part }: { loan: Loan; part: Part }) {
  const { t } = useTranslation('loans')
  const format = useFormats()
  const line = lineOf(loan, part, t, format)
  return (
    <p id={statusId(loan)} tabIndex={-1} className="mt-1 flex flex-wrap items-center gap-x-2 gap-y-1 text-sm">
      <LoanStatus loan={loan} />
      {Boolean(loan.unreadMessages) && (
        <StatusPill tone="plain">{t('line.unread', { count: loan.unreadMessages ?? 0 })}</StatusPill>
      )}
      {line && <span className={isOpen(loan) ? undefined : 'text-soft'}>{line}</span>}
      {loan.status === 'active' && loan.dueAt && <DueDate at={loan.dueAt} className="text-balance" />}
    </p>
  )
}
