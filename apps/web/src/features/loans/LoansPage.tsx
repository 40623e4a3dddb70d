import { Handshake } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useUserId } from '@/api/useSession'
import { LinkButton } from '@/ui/Button'
import { EmptyState, ErrorState, Loading, Skeleton } from '@/ui/Feedback'
import { PageHeader } from '@/ui/Layout'
import { LoadMore } from '@/ui/LoadMore'
import { LoanCard } from './LoanCard'
import { needs, partOf, type Loan } from './loan'
import { useOpenLoans, usePastLoans } from './queries'

export default function LoansPage() {
  const { t } = useTranslation('loans')
  const userId = useUserId()
  const open = useOpenLoans()
  const past = usePastLoans()

  return (
    <>
      <PageHeader title={t('loans.title')} />
      {open.data && past.data ? (
        <div className="flex flex-col gap-10">
          <OpenLoans loans={open.data} userId={userId} nothingYet={past.data.length === 0 && !past.hasNextPage} />
          <Section name="past" loans={past.data} />
          <LoadMore
            hasMore={past.hasNextPage}
            loading={past.isFetchingNextPage}
            onMore={() => void past.fetchNextPage()}
          />
        </div>
      ) : open.error || past.error ? (
        <ErrorState
          error={open.error ?? past.error}
          onRetry={() => {
            void open.refetch()
            void past.refetch()
          }}
        />
      ) : (
        <Loading className="grid gap-3 lg:grid-cols-2">
          {[1, 2, 3, 4].map((card) => (
            <Skeleton key={card} className="h-32" />
          ))}
        </Loading>
      )}
    </>
  )
}

function OpenLoans({ loans, userId, nothingYet }: { loans: Loan[]; userId: string; nothingYet: boolean }) {
  const { t } = useTranslation('loans')
  const mine = loans.map((loan) => ({ loan, part: partOf(loan, userId) }))
  const waiting = mine.filter(({ loan, part }) => needs(loan, part))
  const others = mine.filter((entry) => !waiting.includes(entry))
  const as = (part: string) => others.filter((entry) => entry.part === part).map(({ loan }) => loan)
  if (loans.length === 0)
    return (
      <EmptyState
        icon={<Handshake aria-hidden className="size-6" />}
        title={t(nothingYet ? 'loans.none' : 'loans.noneOpen')}
        action={
          <>
            <LinkButton to="/">{t('loans.browse')}</LinkButton>
            <LinkButton to="/shelf/add" variant="secondary">
              {t('loans.addBook')}
            </LinkButton>
          </>
        }
      >
        {t('loans.noneText')}
      </EmptyState>
    )
  return (
    <>
      <Section name="needsMe" loans={bySoonest(waiting.map(({ loan }) => loan))} />
      <Section name="borrowing" loans={bySoonest(as('borrower'))} />
      <Section name="lending" loans={bySoonest(as('owner'))} />
    </>
  )
}

function Section({ name, loans }: { name: 'needsMe' | 'borrowing' | 'lending' | 'past'; loans: Loan[] }) {
  const { t } = useTranslation('loans')
  if (loans.length === 0) return null
  return (
    <section aria-labelledby={name}>
      <h2 id={name} className="mb-3 text-heading">
        {t(`loans.${name}`)}
        {name !== 'past' && <span className="ml-2 font-sans text-base font-normal text-soft">{loans.length}</span>}
      </h2>
      <ul className="grid gap-3 lg:grid-cols-2">
        {loans.map((loan) => (
          <LoanCard key={loan.id} loan={loan} />
        ))}
      </ul>
    </section>
  )
}

/** What is due first comes first; what is not due at all keeps its order behind it. */
function bySoonest(loans: Loan[]): Loan[] {
  const when = ({ dueAt, pickupBy, status }: Loan) => (status === 'approved' ? pickupBy : dueAt) ?? '9'
  return loans.toSorted((a, b) => when(a).localeCompare(when(b)))
}
