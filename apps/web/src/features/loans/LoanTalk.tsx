import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { ErrorState } from '@/api/ErrorState'
import { useUserId } from '@/api/useSession'
import { Loading, Skeleton } from '@/ui/Feedback'
import { partOf } from './loan'
import { useLoan } from './queries'
import { Conversation } from './talk/Conversation'

/** The messages of a loan on a page that is about something else. */
export function LoanTalk({ loanId }: { loanId: string }) {
  const { t } = useTranslation('loans')
  const userId = useUserId()
  const { data: loan, error, refetch } = useLoan(loanId)
  if (loan)
    return (
      <div className="flex flex-col gap-2">
        <Link
          to={`/loans/${loan.id}`}
          className="inline-flex min-h-11 w-fit max-w-full items-center link wrap-anywhere"
        >
          {t('talk.ofLoan', { title: loan.book.title })}
        </Link>
        <Conversation key={loan.id} loan={loan} part={partOf(loan, userId)} />
      </div>
    )
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />
  return (
    <Loading>
      <Skeleton className="h-40" />
    </Loading>
  )
}
