import { Link2Off, MailCheck } from 'lucide'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { ErrorState } from '@/api/ErrorState'
import { useSession } from '@/api/useSession'
import { LinkButton } from '@/ui/Button'
import { Loading, Skeleton } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { useVerifyEmail } from './commands'
import { DoorMessage, DoorPage } from './DoorPage'
import { isSpentLink } from './links'
import { useMe } from './queries'

/** Where the link of the mail leads: it confirms the address by itself. */
export default function VerifyEmailPage() {
  const { t } = useTranslation('account')
  const [search] = useSearchParams()
  const token = search.get('token')
  const { run, done, problem } = useVerifyEmail()
  useEffect(() => {
    if (token) run({ token })
  }, [token, run])

  if (done) return <Confirmed />
  if (!token || isSpentLink(problem)) return <Spent />
  return (
    <DoorPage title={t('verify.title')}>
      {problem ? (
        <ErrorState error={problem} onRetry={() => run({ token })} />
      ) : (
        <Loading className="flex flex-col items-center gap-4">
          <Skeleton className="size-14 rounded-full" />
          <Skeleton className="h-6 w-64 max-w-full" />
          <Skeleton className="mt-2 h-11 w-full" />
        </Loading>
      )}
    </DoorPage>
  )
}

function Confirmed() {
  const { t } = useTranslation('account')
  const { status } = useSession()
  return (
    <DoorPage title={t('verify.doneTitle')}>
      <DoorMessage
        icon={<Icon of={MailCheck} className="size-7" />}
        action={
          status === 'visitor' ? (
            <LinkButton to="/login">{t('login.submit')}</LinkButton>
          ) : (
            <LinkButton to="/">{t('verify.browse')}</LinkButton>
          )
        }
      >
        <p>{t('verify.done')}</p>
      </DoorMessage>
    </DoorPage>
  )
}

/** Most who come here have followed the link before: whether they are confirmed is known if they are logged in. */
function Spent() {
  const { status } = useSession()
  return status === 'member' ? <SpentForMember /> : <SpentLink />
}

function SpentForMember() {
  const { data: me } = useMe()
  return me?.verified ? <Confirmed /> : <SpentLink />
}

function SpentLink() {
  const { t } = useTranslation('account')
  return (
    <DoorPage title={t('link.spentTitle')}>
      <DoorMessage
        icon={<Icon of={Link2Off} className="size-7" />}
        action={<LinkButton to="/forgot-password">{t('link.newMail')}</LinkButton>}
      >
        <p>{t('verify.spent')}</p>
        <p className="text-soft">{t('verify.spentHint')}</p>
      </DoorMessage>
    </DoorPage>
  )
}
