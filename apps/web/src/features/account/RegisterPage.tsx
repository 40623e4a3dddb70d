import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { useMemo } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { Link, Navigate, useSearchParams } from 'react-router'
import * as z from 'zod/mini'
import { useFormProblem } from '@/api/form-errors'
import { pathAfterLogin } from '@/api/Require'
import { useSession } from '@/api/useSession'
import { Button } from '@/ui/Button'
import { PasswordField, TextField } from '@/ui/form/fields'
import { Form } from '@/ui/form/Form'
import { useRegister } from './commands'
import { DoorPage } from './DoorPage'
import { accountRules } from './rules'

const fieldOfCode = { EMAIL_TAKEN: 'email', PASSWORD_TOO_COMMON: 'password' } as const

export default function RegisterPage() {
  const { t } = useTranslation('account')
  const { status } = useSession()
  const [search] = useSearchParams()
  const schema = useMemo(() => {
    const { name, email, newPassword } = accountRules(t)
    return z.object({ name, email, password: newPassword })
  }, [t])
  const form = useForm({
    resolver: standardSchemaResolver(schema),
    defaultValues: { name: '', email: '', password: '' },
  })
  const register = useRegister({ said: t('register.welcome'), onProblem: useFormProblem(form, fieldOfCode) })

  if (status === 'member') return <Navigate to={pathAfterLogin(search)} replace />
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
      <Form form={form} onSubmit={register.run}>
        <TextField
          name="name"
          label={t('register.name')}
          hint={t('register.nameHint')}
          autoComplete="name"
          maxLength={100}
        />
        <TextField name="email" label={t('register.email')} type="email" autoComplete="email" />
        <PasswordField
          name="password"
          label={t('register.password')}
          hint={t('register.passwordHint')}
          autoComplete="new-password"
        />
        <Button type="submit" pending={register.pending}>
          {t('register.submit')}
        </Button>
      </Form>
    </DoorPage>
  )
}
