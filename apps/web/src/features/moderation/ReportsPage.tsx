import { Flag } from 'lucide'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { ErrorState } from '@/api/ErrorState'
import { useFormats } from '@/i18n/format'
import { EmptyState, Loading, Skeleton, StatusPill } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { Card, PageHeader, QueryTabs } from '@/ui/Layout'
import { LoadMore } from '@/ui/LoadMore'
import { Written } from '@/ui/Written'
import { named, reportLists, useReports, type NamedReport, type ReportList } from './queries'

export default function ReportsPage() {
  const { t } = useTranslation('moderation')
  const [search] = useSearchParams()
  const list = reportLists.find((one) => one === search.get('show')) ?? 'open'
  return (
    <>
      <PageHeader title={t('reports.title')} lead={t('reports.lead')} />
      <QueryTabs
        label={t('reports.title')}
        parameter="show"
        tabs={reportLists.map((value) => ({ value, label: t(`reports.lists.${value}`) }))}
      />
      <Reports key={list} list={list} />
    </>
  )
}

function Reports({ list }: { list: ReportList }) {
  const { t } = useTranslation('moderation')
  const { t: common } = useTranslation()
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useReports(list)
  const reports = data?.pages.flatMap(({ items }) => items)
  if (reports?.length === 0)
    return (
      <EmptyState icon={<Icon of={Flag} className="size-6" />} title={t(`reports.empty.${list}.title`)}>
        {t(`reports.empty.${list}.text`)}
      </EmptyState>
    )
  if (reports)
    return (
      <>
        <ul className="flex flex-col gap-3">
          {reports.map((report) => (
            <ReportCard key={report.id} report={named(report, common('formerMember'))} />
          ))}
        </ul>
        <LoadMore hasMore={hasNextPage} loading={isFetchingNextPage} onMore={() => void fetchNextPage()} />
      </>
    )
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />
  return (
    <Loading className="flex flex-col gap-3">
      {[1, 2, 3].map((card) => (
        <Skeleton key={card} className="h-36" />
      ))}
    </Loading>
  )
}

/** The whole card leads to the report. */
function ReportCard({ report }: { report: NamedReport }) {
  const { t } = useTranslation('moderation')
  const { t: people } = useTranslation('people')
  const format = useFormats()
  const { id, about, reporter, reason, text, createdAt, outcome, state } = report
  return (
    <li>
      <Card className="relative flex flex-col gap-1.5 hover:border-control">
        <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1">
          <h2 className="min-w-0 font-medium wrap-anywhere">
            <Link to={`/moderation/reports/${id}`} className="after:absolute after:inset-0">
              {t('reports.line', { reporter: reporter?.name, about: about.name })}
            </Link>
          </h2>
          {state !== 'open' && (
            <StatusPill>{t(`report.outcomes.${(outcome ?? 'left') as 'left' | 'answered'}`)}</StatusPill>
          )}
        </div>
        <p className="text-sm text-soft">
          {people(`report.reasons.${reason}` as 'report.reasons.other')} · {format.moment(createdAt)}
        </p>
        <Written as="p" className="line-clamp-3 text-pretty">
          {text}
        </Written>
      </Card>
    </li>
  )
}
