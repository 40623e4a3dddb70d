import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { KeyRound, Link2Off } from 'lucide'
import { useMemo, useState } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import * as z from 'zod/mini'
import { useFormProblem } from '@/api/form-errors'
import { Button, LinkButton } from '@/ui/Button'
import { PasswordField } from '@/ui/form/fields'
import { Form } from '@/ui/form/Form'
import { Icon } from '@/ui/Icon'
import { useResetPassword } from './commands'
import { DoorMessage, DoorPage } from './DoorPage'
import { isSpentLink } from './links'
import { accountRules } from './rules'

const fieldOfCode = { PASSWORD_TOO_COMMON: 'newPassword' } as const

/** Where the link of the mail leads. */
export default function ResetPasswordPage() {
  const { t } = useTranslation('account')
  const [search] = useSearchParams()
  const token = search.get('token')
  const [state, setState] = useState<'asking' | 'spent' | 'done'>(token ? 'asking' : 'spent')
  const schema = useMemo(() => z.object({ newPassword: accountRules(t).newPassword }), [t])
  const form = useForm({ resolver: standardSchemaResolver(schema), defaultValues: { newPassword: '' } })
  const showProblem = useFormProblem(form, fieldOfCode)
  const reset = useResetPassword({
    onDone: () => setState('done'),
    onProblem: (problem) => {
      if (!isSpentLink(problem)) return showProblem(problem)
      setState('spent')
      return true
    },
  })

  if (state === 'done')
    return (
      <DoorPage title={t('reset.doneTitle')}>
        <DoorMessage
          icon={<Icon of={KeyRound} className="size-7" />}
          action={<LinkButton to="/login">{t('login.submit')}</LinkButton>}
        >
          <p>{t('reset.done')}</p>
        </DoorMessage>
      </DoorPage>
    )
  if (state === 'spent' || !token)
    return (
      <DoorPage title={t('link.spentTitle')}>
        <DoorMessage
          icon={<Icon of={Link2Off} className="size-7" />}
          action={<LinkButton to="/forgot-password">{t('link.newMail')}</LinkButton>}
        >
          <p>{t('reset.spent')}</p>
        </DoorMessage>
      </DoorPage>
    )
  return (
    <DoorPage title={t('reset.title')} lead={t('reset.lead')}>
      <Form form={form} onSubmit={({ newPassword }) => reset.run({ token, newPassword })}>
        <PasswordField
          name="newPassword"
          label={t('reset.newPassword')}
          hint={t('register.passwordHint')}
          autoComplete="new-password"
        />
        <Button type="submit" pending={reset.pending}>
          {t('reset.submit')}
        </Button>
      </Form>
    </DoorPage>
  )
}
