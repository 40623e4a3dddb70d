import { Handshake } from 'lucide'
import { useTranslation } from 'react-i18next'
import { ErrorState } from '@/api/ErrorState'
import { useUserId } from '@/api/useSession'
import { LinkButton } from '@/ui/Button'
import { EmptyState, Loading, Skeleton } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { PageHeader } from '@/ui/Layout'
import { LoadMore } from '@/ui/LoadMore'
import { LoanGroup } from './LoanGroup'
import { groupOf, inOrder, waitingForMe, type Group } from './in-order'
import { partOf, type Loan, type Part } from './loan'
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
          <Section name="past" groups={past.data.map((loan) => [loan])} />
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
  const waiting = waitingForMe(loans, userId)
  const others = loans.filter((loan) => !waiting.loans.includes(loan))
  const as = (part: Part) => others.filter((loan) => partOf(loan, userId) === part)
  if (loans.length === 0)
    return (
      <EmptyState
        icon={<Icon of={Handshake} className="size-6" />}
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
      <Section name="needsMe" groups={inOrder(waiting.loans)} count={waiting.count} />
      <Section name="borrowing" groups={inOrder(as('borrower'))} count={as('borrower').length} />
      <Section name="lending" groups={inOrder(as('owner'))} count={as('owner').length} />
    </>
  )
}

function Section({
  name,
  groups,
  count,
}: {
  name: 'needsMe' | 'borrowing' | 'lending' | 'past'
  groups: readonly Group[]
  count?: number
}) {
  const { t } = useTranslation('loans')
  if (groups.length === 0) return null
  return (
    <section aria-labelledby={name}>
      <h2 id={name} className="mb-3 text-heading">
        {t(`loans.${name}`)}
        {count !== undefined && <span className="font-sans text-base font-normal text-soft"> {count}</span>}
      </h2>
      <ul className="grid grid-cols-1 gap-3 lg:grid-cols-2">
        {groups.map((group) => (
          <LoanGroup key={groupOf(group[0])} loans={group} />
        ))}
      </ul>
    </section>
  )
}
