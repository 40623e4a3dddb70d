import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { useMemo } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import * as z from 'zod/mini'
import { useFormProblem } from '@/api/form-errors'
import { ApiProblem } from '@/api/problem'
import { session, type SessionUser } from '@/api/session'
import { Button } from '@/ui/Button'
import { Actions, Dialog } from '@/ui/Dialog'
import { PasswordField } from '@/ui/form/fields'
import { Form } from '@/ui/form/Form'
import { useLogIn } from './commands'
import { accountRules } from './rules'

/** The session ended while its member was at work. The page behind stays as it is; what failed is sent again. */
export default function LogInAgain({ user }: { user: SessionUser }) {
  const { t } = useTranslation('account')
  const { t: refusals } = useTranslation('refusals')
  const schema = useMemo(() => z.object({ password: accountRules(t).password }), [t])
  const form = useForm({ resolver: standardSchemaResolver(schema), defaultValues: { password: '' } })
  const showProblem = useFormProblem(form)
  const logIn = useLogIn({
    onProblem: (problem) => {
      if (!(problem instanceof ApiProblem && problem.code === 'INVALID_CREDENTIALS')) return showProblem(problem)
      form.setError('password', { message: refusals('WRONG_PASSWORD') }, { shouldFocus: true })
      return true
    },
  })
  return (
    <Dialog
      open
      onOpenChange={session.ended}
      title={t('again.title')}
      description={t('again.text', { name: user.name })}
    >
      <Form form={form} onSubmit={({ password }) => logIn.run({ email: user.email, password })}>
        <input type="email" autoComplete="username" value={user.email} readOnly hidden />
        <PasswordField name="password" label={t('login.password')} autoComplete="current-password" />
        <Actions>
          <Button type="submit" pending={logIn.pending}>
            {t('again.submit')}
          </Button>
          <Button variant="secondary" onClick={session.ended}>
            {t('again.leave')}
          </Button>
        </Actions>
      </Form>
    </Dialog>
  )
}
