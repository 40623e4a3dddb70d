import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { useQuery } from '@tanstack/react-query'
import { Link2Off, MailCheck } from 'lucide'
import { useEffect, useMemo } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import * as z from 'zod/mini'
import { community } from '@/api/community'
import { ErrorState } from '@/api/ErrorState'
import { useFormProblem } from '@/api/form-errors'
import { useSession } from '@/api/useSession'
import { Button, LinkButton } from '@/ui/Button'
import { Loading, Skeleton } from '@/ui/Feedback'
import { PasswordField } from '@/ui/form/fields'
import { Form } from '@/ui/form/Form'
import { Icon } from '@/ui/Icon'
import { useVerifyEmail } from './commands'
import { DoorMessage, DoorPage } from './DoorPage'
import { isSpentLink, wantsPassword } from './links'
import { useMe } from './queries'
import { accountRules } from './rules'

const fieldOfCode = { PASSWORD_TOO_COMMON: 'newPassword' } as const

/** Where the link of the mail leads: it confirms the address by itself for its member, for all others with a password. */
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
  if (wantsPassword(problem)) return <ChoosePassword token={token} />
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

/** Whoever opened the account may be somebody else than who reads the mail: the password is the reader's. */
function ChoosePassword({ token }: { token: string }) {
  const { t } = useTranslation('account')
  const schema = useMemo(() => z.object({ newPassword: accountRules(t).newPassword }), [t])
  const form = useForm({ resolver: standardSchemaResolver(schema), defaultValues: { newPassword: '' } })
  const showProblem = useFormProblem(form, fieldOfCode)
  const verify = useVerifyEmail((problem) => isSpentLink(problem) || showProblem(problem))
  if (verify.done) return <Confirmed />
  if (isSpentLink(verify.problem)) return <Spent />
  return (
    <DoorPage title={t('verify.choose')} lead={t('verify.chooseLead')}>
      <Form form={form} onSubmit={({ newPassword }) => verify.run({ token, newPassword })}>
        <PasswordField
          name="newPassword"
          label={t('register.password')}
          hint={t('register.passwordHint')}
          autoComplete="new-password"
        />
        <Button type="submit" pending={verify.pending}>
          {t('reset.submit')}
        </Button>
      </Form>
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
        <p>{t(status === 'visitor' ? 'verify.doneLogIn' : 'verify.done')}</p>
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
  const { data: rules } = useQuery(community)
  // Whoever has no account yet gets no mail for a new password.
  const again = rules?.proofRequired ? 'register' : 'password'
  return (
    <DoorPage title={t('link.spentTitle')}>
      <DoorMessage
        icon={<Icon of={Link2Off} className="size-7" />}
        action={
          <LinkButton to={again === 'register' ? '/register' : '/forgot-password'}>{t('link.newMail')}</LinkButton>
        }
      >
        <p>{t('verify.spent')}</p>
        <p className="text-soft">{t(again === 'register' ? 'verify.spentRegister' : 'verify.spentHint')}</p>
      </DoorMessage>
    </DoorPage>
  )
}
