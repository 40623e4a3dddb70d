import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { useMemo } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import * as z from 'zod/mini'
import { useFormProblem } from '@/api/form-errors'
import { useSession } from '@/api/useSession'
import { Button } from '@/ui/Button'
import { PasswordField } from '@/ui/form/fields'
import { Form } from '@/ui/form/Form'
import { Card, PageHeader } from '@/ui/Layout'
import { useChangePassword } from './commands'
import { accountRules } from './rules'

const fieldOfCode = { WRONG_PASSWORD: 'currentPassword', PASSWORD_TOO_COMMON: 'newPassword' } as const

export default function PasswordPage() {
  const { t } = useTranslation('account')
  const { user } = useSession()
  const schema = useMemo(() => {
    const { password, newPassword } = accountRules(t)
    return z.object({ currentPassword: password, newPassword })
  }, [t])
  const form = useForm({
    resolver: standardSchemaResolver(schema),
    defaultValues: { currentPassword: '', newPassword: '' },
  })
  const change = useChangePassword({
    said: t('changePassword.done'),
    onDone: () => form.reset(),
    onProblem: useFormProblem(form, fieldOfCode),
  })
  return (
    <div className="max-w-2xl">
      <PageHeader title={t('changePassword.title')} lead={t('changePassword.lead')} />
      <Card>
        <Form form={form} onSubmit={change.run}>
          <input type="email" autoComplete="username" value={user?.email ?? ''} readOnly hidden />
          <PasswordField name="currentPassword" label={t('changePassword.current')} autoComplete="current-password" />
          <PasswordField
            name="newPassword"
            label={t('changePassword.new')}
            hint={t('register.passwordHint')}
            autoComplete="new-password"
          />
          <Button type="submit" pending={change.pending} className="sm:self-start">
            {t('changePassword.submit')}
          </Button>
          <Link to="/forgot-password" className="inline-flex min-h-11 w-fit items-center link">
            {t('login.forgot')}
          </Link>
        </Form>
      </Card>
    </div>
  )
}
