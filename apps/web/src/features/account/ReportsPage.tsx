import { Flag } from 'lucide'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { ErrorState } from '@/api/ErrorState'
import { PersonLink, useOwnReports, type Report } from '@/features/people'
import { useFormats } from '@/i18n/format'
import { EmptyState, Loading, Skeleton, StatusPill } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { Card, PageHeader } from '@/ui/Layout'
import { LoadMore } from '@/ui/LoadMore'
import { Quote } from '@/ui/Quote'

/** What I have told the moderators, and what they answered. */
export default function ReportsPage() {
  const { t } = useTranslation('account')
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useOwnReports()
  const reports = data?.pages.flatMap(({ items }) => items)
  return (
    <div className="max-w-2xl">
      <PageHeader title={t('reports.title')} lead={t('reports.lead')} />
      {reports?.length === 0 ? (
        <EmptyState icon={<Icon of={Flag} className="size-6" />} title={t('reports.none')}>
          {t('reports.noneText')}
        </EmptyState>
      ) : reports ? (
        <>
          <ul className="flex flex-col gap-3">
            {reports.map((report) => (
              <ReportCard key={report.id} report={report} />
            ))}
          </ul>
          <LoadMore hasMore={hasNextPage} loading={isFetchingNextPage} onMore={() => void fetchNextPage()} />
        </>
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <Loading className="flex flex-col gap-3">
          <Skeleton className="h-36 rounded-lg" />
          <Skeleton className="h-36 rounded-lg" />
        </Loading>
      )}
    </div>
  )
}

function ReportCard({ report }: { report: Report }) {
  const { t } = useTranslation('people')
  const { t: common } = useTranslation()
  const format = useFormats()
  const { about, state, reason, text, createdAt, closedAt, answer, borrowId } = report
  const person = about.left ? { ...about, name: common('formerMember') } : about
  return (
    <li>
      <Card className="flex flex-col gap-3">
        <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
          <h2 className="-my-2 min-w-0">
            <PersonLink person={person} tall className="font-medium" />
          </h2>
          <StatusPill tone={state === 'open' ? 'due' : 'neutral'}>{t(`reports.states.${state}`)}</StatusPill>
        </div>
        <div>
          <p className="text-sm text-soft">
            {t(`report.reasons.${reason}` as 'report.reasons.other')} ·{' '}
            {t('reports.reported', { day: format.day(createdAt) })}
          </p>
          <Quote>{text}</Quote>
        </div>
        {answer && closedAt && (
          <div>
            <p className="text-sm font-medium">{t('reports.answer', { day: format.day(closedAt) })}</p>
            <Quote>{answer}</Quote>
          </div>
        )}
        {borrowId && (
          <Link to={`/loans/${borrowId}`} className="-my-2 inline-flex min-h-11 w-fit items-center link">
            {t('reports.loan')}
          </Link>
        )}
      </Card>
    </li>
  )
}
