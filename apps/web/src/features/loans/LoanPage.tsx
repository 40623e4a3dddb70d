import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { ErrorState } from '@/api/ErrorState'
import { isNotFound } from '@/api/problem'
import { useUserId } from '@/api/useSession'
import { PersonLink } from '@/features/people'
import { Avatar } from '@/ui/Avatar'
import { LinkButton } from '@/ui/Button'
import { Cover } from '@/ui/Cover'
import { EmptyState, Loading, Skeleton } from '@/ui/Feedback'
import { Card, PageHeader } from '@/ui/Layout'
import { WrittenList } from '@/ui/Written'
import { CalendarButton } from './CalendarButton'
import { LoanStatus } from './LoanStatus'
import { NextStep } from './NextStep'
import { StepLine } from './StepLine'
import { Conversation } from './talk/Conversation'
import { isOpen, partOf, wasGiven, type Loan, type Part } from './loan'
import { useBookOf, useLoan } from './queries'

export default function LoanPage() {
  const { t } = useTranslation('loans')
  const { id = '' } = useParams()
  const { data: loan, error, refetch } = useLoan(id)
  if (loan) return <LoanDetails loan={loan} />
  return (
    <>
      <PageHeader title={t('loan.title')} back={{ to: '/loans', label: t('loans.title') }} />
      {!error ? (
        <LoanSkeleton />
      ) : isNotFound(error) ? (
        <EmptyState title={t('loan.missing')} action={<LinkButton to="/loans">{t('loans.title')}</LinkButton>}>
          {t('loan.missingText')}
        </EmptyState>
      ) : (
        <ErrorState error={error} onRetry={() => void refetch()} />
      )}
    </>
  )
}

function LoanDetails({ loan }: { loan: Loan }) {
  const { t } = useTranslation('loans')
  const part = partOf(loan, useUserId())
  const { data: book } = useBookOf(loan)
  const gives = isOpen(loan) ? book?.lending === 'give' : wasGiven(loan)
  const back =
    part === 'moderator' ? { to: '/moderation', label: t('loan.disputes') } : { to: '/loans', label: t('loans.title') }
  return (
    <>
      <PageHeader title={loan.book.title} back={back} />
      <div className="grid grid-cols-1 items-start gap-6 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="flex min-w-0 flex-col gap-6">
          <StepLine loan={loan} gives={gives} />
          <NextStep loan={loan} part={part} gives={gives} />
        </div>
        <div className="lg:row-span-2">
          <About loan={loan} part={part} />
        </div>
        <Conversation key={loan.id} loan={loan} part={part} />
      </div>
    </>
  )
}

/** The book and the people. */
function About({ loan, part }: { loan: Loan; part: Part }) {
  const { t } = useTranslation('loans')
  const { book, owner, borrower } = loan
  return (
    <Card className="flex gap-4 sm:p-4">
      <div className="w-20 shrink-0">
        <Cover title={book.title} authors={book.authors} url={book.coverUrl ?? null} eager />
      </div>
      <div className="flex min-w-0 flex-1 flex-col items-start gap-2">
        <LoanStatus loan={loan} />
        <WrittenList as="p" className="line-clamp-3 max-w-full text-soft" items={book.authors} />
        {part !== 'owner' && <Person person={owner} role={t('loan.owner')} />}
        {part !== 'borrower' && <Person person={borrower} role={t('loan.borrower')} />}
        <Link to={`/books/${book.id}`} className="-mb-2.5 inline-flex min-h-11 items-center link">
          {t('afterwards.book')}
        </Link>
        {part !== 'moderator' && <CalendarButton loan={loan} />}
      </div>
    </Card>
  )
}

function Person({ person, role }: { person: Loan['owner']; role: string }) {
  return (
    <div className="flex items-center gap-2.5">
      <Avatar name={person.name} />
      <div className="min-w-0">
        <p className="-mb-2 text-sm text-soft">{role}</p>
        <PersonLink person={person} tall />
      </div>
    </div>
  )
}

function LoanSkeleton() {
  return (
    <Loading className="grid gap-6 lg:grid-cols-[minmax(0,1fr)_20rem]">
      <div className="flex flex-col gap-6">
        <Skeleton className="h-16" />
        <Skeleton className="h-44" />
      </div>
      <Skeleton className="h-40" />
    </Loading>
  )
}
