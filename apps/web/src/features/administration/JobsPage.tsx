import { Play, Square } from 'lucide'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormats } from '@/i18n/format'
import { Button } from '@/ui/Button'
import { Skeleton, StatusPill } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { PageHeader } from '@/ui/Layout'
import { Progress } from '@/ui/Progress'
import { ActorInList } from './ActorName'
import { useCancelJob, useRunJob } from './commands'
import { useJobs, type Job, type JobRun } from './queries'
import { Watched } from './Watched'

export default function JobsPage() {
  const { t } = useTranslation('administration')
  /** When something was last asked for here. */
  const [asked, setAsked] = useState(0)
  const jobs = useJobs(asked)
  return (
    <>
      <PageHeader title={t('jobs.title')} lead={t('jobs.lead')} />
      <Watched query={jobs} skeleton={<Skeleton className="h-160 rounded-lg" />}>
        {(rows) => (
          <ul className="grid gap-4 md:grid-cols-2">
            {rows.map((job) => (
              <JobCard key={job.name} job={job} onAsked={() => setAsked(Date.now())} />
            ))}
          </ul>
        )}
      </Watched>
    </>
  )
}

function JobCard({ job, onAsked }: { job: Job; onAsked: () => void }) {
  const { t } = useTranslation('administration')
  const format = useFormats()
  const title = useJobTitle(job.name)
  const run = useRunJob({ onDone: onAsked })
  const { name, schedule, dueAt, askedAt, current, last } = job
  return (
    <li className="flex flex-col gap-4 rounded-lg border border-line bg-card p-4 sm:p-6">
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
        <div className="min-w-0">
          <h2 className="text-heading">{title}</h2>
          <p className="font-mono text-sm wrap-anywhere text-soft">{name}</p>
        </div>
        <Standing job={job} />
      </div>
      <p className="text-soft">
        {dueAt ? t('jobs.due', { moment: format.moment(dueAt) }) : t('jobs.offHint')}
        {dueAt && <span className="ml-2 font-mono text-sm whitespace-nowrap">{schedule}</span>}
      </p>
      {last && <Ended run={last} />}
      <div className="mt-auto flex min-h-11 flex-wrap items-center gap-x-4 gap-y-3">
        {current ? (
          <UnderWay job={name} title={title} run={current} onAsked={onAsked} />
        ) : (
          <Button
            variant="secondary"
            icon={<Icon of={Play} className="size-5" />}
            pending={run.pending || Boolean(askedAt)}
            aria-label={t('jobs.runOf', { name: title })}
            onClick={() => run.run(name)}
          >
            {t('jobs.run')}
          </Button>
        )}
      </div>
    </li>
  )
}

function Standing({ job: { current, askedAt, dueAt, last } }: { job: Job }) {
  const { t } = useTranslation('administration')
  if (current) return <StatusPill tone="plain">{t('jobs.underWay')}</StatusPill>
  if (askedAt) return <StatusPill tone="plain">{t('jobs.asked')}</StatusPill>
  if (last?.outcome === 'failed') return <StatusPill tone="late">{t('jobs.failed')}</StatusPill>
  if (!dueAt) return <StatusPill>{t('jobs.off')}</StatusPill>
  return <StatusPill tone="free">{t('jobs.waits')}</StatusPill>
}

function UnderWay({
  job,
  title,
  run: { done, total, cancelling },
  onAsked,
}: {
  job: string
  title: string
  run: JobRun
  onAsked: () => void
}) {
  const { t } = useTranslation('administration')
  const format = useFormats()
  const cancel = useCancelJob({ onDone: onAsked })
  const numbers = { count: done, number: format.number(done), total: format.number(total ?? 0) }
  return (
    <>
      <div className="w-full">
        <Progress
          label={t('jobs.underWay')}
          value={total ? Math.min(done / total, 1) : undefined}
          text={t(total ? 'jobs.doneOf' : 'jobs.done', numbers)}
        />
      </div>
      <Button
        variant="secondary"
        icon={<Icon of={Square} className="size-5" />}
        pending={cancel.pending || cancelling}
        aria-label={t('jobs.cancelOf', { name: title })}
        onClick={() => cancel.run(job)}
      >
        {t('jobs.cancel')}
      </Button>
    </>
  )
}

/** How the last run ended, and what it did. */
function Ended({ run: { outcome, endedAt, askedBy, counts, code, error } }: { run: JobRun }) {
  const { t } = useTranslation('administration')
  const format = useFormats()
  const named = useCounts(counts)
  const outcomes = { done: t('jobs.wasDone'), failed: t('jobs.hasFailed'), cancelled: t('jobs.wasCancelled') }
  return (
    <div className="flex flex-col gap-1">
      <p>
        {outcomes[outcome as keyof typeof outcomes]}
        {endedAt && <span className="text-soft"> · {format.ago(endedAt)}</span>}
        {askedBy && (
          <span className="text-soft">
            {' · '}
            <ActorInList actor={askedBy} />
          </span>
        )}
      </p>
      {named.length > 0 && <p className="text-soft">{named.join(' · ')}</p>}
      {outcome === 'failed' && (
        <p className="text-sm wrap-anywhere">
          <span className="font-mono">{code}</span> {error}
        </p>
      )}
    </div>
  )
}

const titled = [
  'auth.forget_ended',
  'books.forget_imports',
  'books.forget_words',
  'borrowing.forget_messages',
  'commands.forget_answers',
  'community.count_month',
  'members.reconcile',
  'notifications.forget_letters',
  'notifications.forget_old',
  'users.forget_reports',
] as const
type Titled = (typeof titled)[number]
type Key<Name extends string> = Name extends `${infer Of}.${infer What}` ? `${Of}_${What}` : never

function useJobTitle(name: string): string {
  const { t } = useTranslation('administration')
  const known = titled.find((other) => other === name)
  return known ? t(`jobs.names.${known.replace('.', '_') as Key<Titled>}`) : name
}

const counted = [
  'sessions',
  'keys',
  'registrations',
  'imports',
  'words',
  'names',
  'slips',
  'conversations',
  'reports',
  'answers',
  'letters',
  'notifications',
  'months',
  'members',
  'different',
  'mended',
  'late',
] as const

/** "3 sessions", "0 keys". */
function useCounts(counts: JobRun['counts']): string[] {
  const { t } = useTranslation('administration')
  const format = useFormats()
  return Object.entries(counts).map(([what, count]) => {
    const known = counted.find((other) => other === what)
    const number = format.number(count)
    return known ? t(`jobs.counts.${known}`, { count, number }) : `${what} ${number}`
  })
}
