import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useUserId } from '@/api/useSession'
import { useFormats } from '@/i18n/format'
import { Cover } from '@/ui/Cover'
import { DueDate } from '@/ui/DueDate'
import { ActionButtons } from './ActionButtons'
import { isOpen, needs, otherOf, partOf, statusId, type Loan } from './loan'
import { LoanStatus } from './LoanStatus'
import { lineOf } from './status'

/** A loan in a list: whose, how it stands, and what I can do about it now. */
export function LoanCard({ loan }: { loan: Loan }) {
  const { t } = useTranslation('loans')
  const format = useFormats()
  const part = partOf(loan, useUserId())
  const { book } = loan
  const line = lineOf(loan, part, t, format)
  const pressing = needs(loan, part)
  return (
    <li className="relative flex flex-col gap-4 rounded-lg border border-line bg-card p-4 transition-colors hover:border-control">
      <div className="flex gap-4">
        <div className="w-16 shrink-0">
          <Cover title={book.title} authors={book.authors} url={book.coverUrl ?? null} />
        </div>
        <div className="flex min-w-0 flex-1 flex-col items-start gap-1">
          <h3 className="line-clamp-2 leading-snug">
            <Link to={`/loans/${loan.id}`} className="after:absolute after:inset-0 after:rounded-lg">
              {book.title}
            </Link>
          </h3>
          <p className="line-clamp-1 text-sm text-soft">
            {t(`line.${part === 'owner' ? 'to' : 'from'}`, { name: otherOf(loan, part).name })}
          </p>
          <p
            id={statusId(loan)}
            tabIndex={-1}
            className="relative mt-1 flex flex-wrap items-center gap-x-2 gap-y-1 text-sm"
          >
            <LoanStatus loan={loan} />
            {line && <span className={isOpen(loan) ? undefined : 'text-soft'}>{line}</span>}
            {loan.status === 'active' && loan.dueAt && <DueDate at={loan.dueAt} className="text-balance" />}
          </p>
        </div>
      </div>
      {pressing && <ActionButtons loan={loan} part={part} compact />}
    </li>
  )
}
