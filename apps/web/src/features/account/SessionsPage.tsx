import { Monitor, Smartphone } from 'lucide'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { ErrorState } from '@/api/ErrorState'
import { useFormats } from '@/i18n/format'
import { Button } from '@/ui/Button'
import { Loading, Skeleton, StatusPill } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { PageHeader } from '@/ui/Layout'
import { useEndOtherSessions, useEndSession } from './commands'
import { deviceOf } from './device'
import { useSessions, type Session } from './queries'

export default function SessionsPage() {
  const { t } = useTranslation('account')
  const { data: sessions, error, refetch } = useSessions()
  return (
    <div className="max-w-2xl">
      <PageHeader
        title={t('sessions.title')}
        lead={
          <>
            {t('sessions.lead')}{' '}
            <Link to="/account/password" className="link">
              {t('sessions.toPassword')}
            </Link>
          </>
        }
      />
      {sessions ? (
        <>
          <ul className="flex flex-col gap-3">
            {inOrder(sessions).map((session) => (
              <SessionCard key={session.id} session={session} />
            ))}
          </ul>
          {sessions.length > 2 && <EndOthers />}
        </>
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <Loading className="flex flex-col gap-3">
          <Skeleton className="h-24 rounded-lg" />
          <Skeleton className="h-24 rounded-lg" />
        </Loading>
      )}
    </div>
  )
}

/** Where there is but one other device, its own button does it. */
function EndOthers() {
  const { t } = useTranslation('account')
  const end = useEndOtherSessions((count) => t('sessions.endedOthers', { count }))
  return (
    <Button variant="secondary" className="mt-4 max-sm:w-full" pending={end.pending} onClick={() => end.run()}>
      {t('sessions.endOthers')}
    </Button>
  )
}

/** This one first, then those used last. */
function inOrder(sessions: readonly Session[]): Session[] {
  return sessions.toSorted(
    (one, other) => Number(other.current) - Number(one.current) || other.lastUsedAt.localeCompare(one.lastUsedAt),
  )
}

function SessionCard({ session }: { session: Session }) {
  const { t } = useTranslation('account')
  const format = useFormats()
  const end = useEndSession(t('sessions.ended'))
  const name = useDeviceName(session)
  const icon = deviceOf(session.device).handheld ? Smartphone : Monitor
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-3 rounded-lg border border-line bg-card p-4">
      <Icon of={icon} className="size-7 shrink-0 text-soft" strokeWidth={1.5} />
      <div className="min-w-0 flex-1 basis-48">
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 font-medium">
          <span className="wrap-anywhere">{name}</span>
          {session.current && <StatusPill tone="free">{t('sessions.current')}</StatusPill>}
        </p>
        <p className="text-sm text-soft">
          <span className="max-sm:block">{t('sessions.used', { ago: format.ago(session.lastUsedAt) })}</span>
          <span aria-hidden className="max-sm:hidden">
            {' · '}
          </span>
          <span className="max-sm:block">{t('sessions.since', { at: format.moment(session.createdAt) })}</span>
        </p>
      </div>
      {!session.current && (
        <Button
          variant="secondary"
          size="small"
          className="max-sm:w-full"
          aria-label={t('sessions.endOf', { device: name })}
          pending={end.pending}
          onClick={() => end.run(session)}
        >
          {t('sessions.end')}
        </Button>
      )}
    </li>
  )
}

function useDeviceName({ device }: Session): string {
  const { t } = useTranslation('account')
  const { program, system } = deviceOf(device)
  if (!program) return t('sessions.unknownDevice')
  return system ? t('sessions.device', { program, system }) : program
}
