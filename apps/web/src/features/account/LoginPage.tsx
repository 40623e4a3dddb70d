import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { useMemo, useState } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { Link, Navigate, useSearchParams } from 'react-router'
import * as z from 'zod/mini'
import { useFormProblem } from '@/api/form-errors'
import { ADDRESS_TO_CONFIRM } from '@/api/kept'
import { ApiProblem } from '@/api/problem'
import { pathAfterLogin } from '@/api/Require'
import { useSession } from '@/api/useSession'
import { Button } from '@/ui/Button'
import { PasswordField, TextField } from '@/ui/form/fields'
import { Form } from '@/ui/form/Form'
import { useLogIn } from './commands'
import { DoorPage } from './DoorPage'
import { ProofMail } from './ProofMail'
import { accountRules } from './rules'

export default function LoginPage() {
  const { t } = useTranslation('account')
  const { status } = useSession()
  const [search] = useSearchParams()
  const schema = useMemo(() => {
    const { email, password } = accountRules(t)
    return z.object({ email, password })
  }, [t])
  const form = useForm({
    resolver: standardSchemaResolver(schema),
    defaultValues: { email: localStorage.getItem(ADDRESS_TO_CONFIRM) ?? '', password: '' },
  })
  const [toConfirm, setToConfirm] = useState<string>()
  const showProblem = useFormProblem(form)
  const logIn = useLogIn({
    onProblem: (problem) => {
      if (!(problem instanceof ApiProblem && problem.code === 'EMAIL_NOT_PROVED')) return showProblem(problem)
      setToConfirm(form.getValues('email').trim())
      return true
    },
  })

  if (status === 'member') return <Navigate to={pathAfterLogin(search)} replace />
  if (toConfirm)
    return <ProofMail email={toConfirm} back={{ label: t('forgot.toLogin'), to: () => setToConfirm(undefined) }} />
  return (
    <DoorPage
      title={t('login.title')}
      lead={t('login.lead')}
      footer={
        <>
          {t('login.noAccount')}{' '}
          <Link to={{ pathname: '/register', search: search.toString() }}>{t('login.register')}</Link>
        </>
      }
    >
      <Form form={form} onSubmit={logIn.run}>
        <TextField name="email" label={t('login.email')} type="email" autoComplete="username" />
        <PasswordField name="password" label={t('login.password')} autoComplete="current-password" />
        <Button type="submit" pending={logIn.pending}>
          {t('login.submit')}
        </Button>
        <Link to="/forgot-password" className="-my-2 inline-flex min-h-11 items-center self-center link">
          {t('login.forgot')}
        </Link>
      </Form>
    </DoorPage>
  )
}
