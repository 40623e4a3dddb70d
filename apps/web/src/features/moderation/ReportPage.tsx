import { MessageSquare } from 'lucide'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { ErrorState } from '@/api/ErrorState'
import { ApiProblem, isNotFound } from '@/api/problem'
import { useUserId } from '@/api/useSession'
import { LoanTalk } from '@/features/loans'
import { useFormats } from '@/i18n/format'
import { Button, LinkButton } from '@/ui/Button'
import { EmptyState, Loading, Notice, Skeleton } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { Card, PageHeader } from '@/ui/Layout'
import { Quote } from '@/ui/Quote'
import { AnswerDialog } from './AnswerDialog'
import { Side } from './DisputesPage'
import { named, useReport, type NamedReport } from './queries'

/** What somebody reported, the messages that it is about, and the answer. */
export default function ReportPage({ id }: { id: string }) {
  const { t } = useTranslation('moderation')
  const { t: common } = useTranslation()
  const { data, error, refetch } = useReport(id)
  if (data) return <ReportDetails report={named(data, common('formerMember'))} />
  const absent = isNotFound(error) || (error instanceof ApiProblem && error.status === 400)
  return (
    <>
      <PageHeader title={t('report.title')} back={{ to: '/moderation/reports', label: t('reports.title') }} />
      {!error ? (
        <Loading className="flex flex-col gap-4">
          <Skeleton className="h-64" />
          <Skeleton className="h-40" />
        </Loading>
      ) : absent ? (
        <EmptyState
          title={t('report.missing')}
          action={<LinkButton to="/moderation/reports">{t('reports.title')}</LinkButton>}
        >
          {t('report.missingText')}
        </EmptyState>
      ) : (
        <ErrorState error={error} onRetry={() => void refetch()} />
      )}
    </>
  )
}

function ReportDetails({ report }: { report: NamedReport }) {
  const { t } = useTranslation('moderation')
  const { t: people } = useTranslation('people')
  const format = useFormats()
  const userId = useUserId()
  const [answering, setAnswering] = useState(false)
  const { about, reporter, reason, text, createdAt, borrowId, state } = report
  // Whoever made it sees it as its author: without a reporter in it.
  const own = !reporter || reporter.id === userId
  return (
    <>
      <PageHeader
        title={t('report.about', { name: about.name })}
        back={{ to: '/moderation/reports', label: t('reports.title') }}
      />
      <div className="flex flex-col gap-8">
        <Card className="flex flex-col gap-5">
          <div className="grid gap-5 sm:grid-cols-2">
            <Side person={about} role={t('report.reported')} />
            {reporter && <Side person={reporter} role={t('report.reporter')} />}
          </div>
          <div>
            <p className="text-sm text-soft">
              {people(`report.reasons.${reason}` as 'report.reasons.other')} · {format.moment(createdAt)}
            </p>
            <Quote>{text}</Quote>
          </div>
          {state === 'answered' ? (
            <Answer report={report} />
          ) : state === 'left' ? (
            <Notice>{t('report.left')}</Notice>
          ) : own ? (
            <Notice>{t('report.own')}</Notice>
          ) : (
            <Button className="sm:self-start" onClick={() => setAnswering(true)}>
              {t('report.answer')}
            </Button>
          )}
        </Card>
        {borrowId ? (
          <LoanTalk loanId={borrowId} />
        ) : (
          <p className="flex gap-3 text-soft">
            <Icon of={MessageSquare} className="mt-0.5 size-5 shrink-0" />
            {t('report.noLoan')}
          </p>
        )}
      </div>
      <AnswerDialog report={report} open={answering} onClose={() => setAnswering(false)} />
    </>
  )
}

/** Who answered what, and what was done. */
function Answer({ report: { about, outcome, answeredBy, closedAt, answer, warning } }: { report: NamedReport }) {
  const { t } = useTranslation('moderation')
  const format = useFormats()
  const when = closedAt ? format.day(closedAt) : ''
  const done = outcome as 'answered' | 'warned' | 'deactivated' | undefined
  return (
    <div className="flex flex-col gap-3 border-t border-line pt-4">
      {done && <p>{t(`report.was.${done}`, { name: answeredBy?.name, about: about.name, when })}</p>}
      {answer && (
        <div>
          <p className="text-sm font-medium">{t('report.toReporter')}</p>
          <Quote>{answer}</Quote>
        </div>
      )}
      {warning && (
        <div>
          <p className="text-sm font-medium">{t('report.toReported', { name: about.name })}</p>
          <Quote>{warning}</Quote>
        </div>
      )}
      <p>
        <Link to={`/people/${about.id}`} className="inline-flex min-h-11 items-center link">
          {t('report.page', { name: about.name })}
        </Link>
      </p>
    </div>
  )
}
