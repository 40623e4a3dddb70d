import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { duration } from '@/i18n/duration'
import { useFormats } from '@/i18n/format'
import { DataTable } from '@/ui/DataTable'
import { Skeleton, StatusPill } from '@/ui/Feedback'
import { PageHeader } from '@/ui/Layout'
import { useSubscriptions, type Subscription } from './queries'
import { Watched } from './Watched'

/** The host counts no further. */
const COUNTED = 10_000

export default function SubscriptionsPage() {
  const { t } = useTranslation('administration')
  const subscriptions = useSubscriptions()
  return (
    <>
      <PageHeader title={t('subscriptions.title')} lead={t('subscriptions.lead')} />
      <Watched query={subscriptions} skeleton={<Skeleton className="h-120 rounded-lg" />}>
        {(rows) => <SubscriptionTable rows={rows} />}
      </Watched>
    </>
  )
}

function SubscriptionTable({ rows }: { rows: readonly Subscription[] }) {
  const { t, i18n } = useTranslation('administration')
  const format = useFormats()
  return (
    <DataTable
      caption={t('subscriptions.title')}
      rows={rows}
      rowKey={(row) => row.name}
      columns={[
        {
          label: t('subscriptions.name'),
          heading: true,
          cell: (row) => <span className="font-mono text-sm">{row.name}</span>,
        },
        { label: t('subscriptions.standing'), cell: (row) => <Standing subscription={row} /> },
        {
          label: t('subscriptions.behind'),
          align: 'end',
          cell: (row) =>
            row.behind < COUNTED
              ? format.number(row.behind)
              : t('subscriptions.many', { number: format.number(COUNTED) }),
        },
        {
          label: t('subscriptions.lag'),
          cell: (row) => (row.behind === 0 ? '–' : duration(row.lagSeconds, i18n.language)),
        },
        {
          label: t('subscriptions.checkpoint'),
          cell: (row) => <span className="font-mono text-sm">{row.checkpoint}</span>,
        },
        { label: t('subscriptions.troubles'), cell: (row) => <Troubles subscription={row} /> },
      ]}
    />
  )
}

function Standing({ subscription: { running, behind } }: { subscription: Subscription }) {
  const { t } = useTranslation('administration')
  if (!running) return <StatusPill tone="late">{t('subscriptions.stopped')}</StatusPill>
  return behind === 0 ? (
    <StatusPill tone="free">{t('subscriptions.current')}</StatusPill>
  ) : (
    <StatusPill tone="due">{t('subscriptions.catchingUp')}</StatusPill>
  )
}

function Troubles({ subscription: { deadLetters, lastError, lastErrorAt } }: { subscription: Subscription }) {
  const { t } = useTranslation('administration')
  const format = useFormats()
  if (deadLetters === 0 && !lastError) return t('subscriptions.noTroubles')
  return (
    <div className="flex flex-col gap-1">
      {deadLetters > 0 && (
        <Link to="/admin/dead-letters" className="inline-flex min-h-6 items-center link pointer-coarse:min-h-11">
          {t('subscriptions.deadLetters', { count: deadLetters })}
        </Link>
      )}
      {lastError && (
        <p className="max-w-80 text-sm wrap-anywhere">
          {lastError}
          {lastErrorAt && <span className="text-soft"> · {format.ago(lastErrorAt)}</span>}
        </p>
      )}
    </div>
  )
}
