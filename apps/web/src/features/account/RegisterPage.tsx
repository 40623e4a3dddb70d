import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { Link, Navigate, useSearchParams } from 'react-router'
import * as z from 'zod/mini'
import { community } from '@/api/community'
import { useFormProblem } from '@/api/form-errors'
import { pathAfterLogin } from '@/api/Require'
import { useSession } from '@/api/useSession'
import { Button } from '@/ui/Button'
import { Skeleton } from '@/ui/Feedback'
import { PasswordField, TextField } from '@/ui/form/fields'
import { Form } from '@/ui/form/Form'
import { useRegister } from './commands'
import { DoorPage } from './DoorPage'
import { ProofMail } from './ProofMail'
import { accountRules } from './rules'

const fieldOfCode = { EMAIL_TAKEN: 'email', PASSWORD_TOO_COMMON: 'password' } as const

export default function RegisterPage() {
  const { t } = useTranslation('account')
  const { status } = useSession()
  const [search] = useSearchParams()
  const { data: rules, isPending } = useQuery(community)
  // Whoever proves the address first chooses the password with the link of the mail.
  const proofFirst = rules?.proofRequired ?? false
  const [mailedTo, setMailedTo] = useState<string>()
  const schema = useMemo(() => {
    const { name, email, newPassword } = accountRules(t)
    return z.object({ name, email, password: proofFirst ? z.string() : newPassword })
  }, [t, proofFirst])
  const form = useForm({
    resolver: standardSchemaResolver(schema),
    defaultValues: { name: '', email: '', password: '' },
  })
  const register = useRegister({
    said: t('register.welcome'),
    onMail: setMailedTo,
    onProblem: useFormProblem(form, fieldOfCode),
  })

  if (status === 'member') return <Navigate to={pathAfterLogin(search)} replace />
  if (mailedTo)
    return <ProofMail email={mailedTo} sent back={{ label: t('forgot.again'), to: () => setMailedTo(undefined) }} />
  return (
    <DoorPage
      title={t('register.title')}
      lead={t('register.lead')}
      footer={
        <>
          {t('register.haveAccount')}{' '}
          <Link to={{ pathname: '/login', search: search.toString() }}>{t('register.login')}</Link>
        </>
      }
    >
      <Form
        form={form}
        onSubmit={({ password, ...person }) => register.run({ ...person, ...(password && { password }) })}
      >
        <TextField
          name="name"
          label={t('register.name')}
          hint={t('register.nameHint')}
          autoComplete="name"
          maxLength={100}
        />
        <TextField
          name="email"
          label={t('register.email')}
          type="email"
          autoComplete="email"
          hint={proofFirst && t('register.emailHint')}
        />
        {isPending ? (
          <Skeleton className="h-24" />
        ) : (
          !proofFirst && (
            <PasswordField
              name="password"
              label={t('register.password')}
              hint={t('register.passwordHint')}
              autoComplete="new-password"
            />
          )
        )}
        <Button type="submit" pending={register.pending}>
          {t('register.submit')}
        </Button>
      </Form>
    </DoorPage>
  )
}
