import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { MailCheck } from 'lucide'
import { useMemo, useState } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import * as z from 'zod/mini'
import { useFormProblem } from '@/api/form-errors'
import { Button, LinkButton } from '@/ui/Button'
import { TextField } from '@/ui/form/fields'
import { Form } from '@/ui/form/Form'
import { Icon } from '@/ui/Icon'
import { useForgotPassword } from './commands'
import { DoorMessage, DoorPage } from './DoorPage'
import { accountRules } from './rules'

export default function ForgotPasswordPage() {
  const { t } = useTranslation('account')
  const [askedFor, setAskedFor] = useState<string>()
  const schema = useMemo(() => z.object({ email: accountRules(t).email }), [t])
  const form = useForm({ resolver: standardSchemaResolver(schema), defaultValues: { email: '' } })
  const forgot = useForgotPassword({
    onDone: () => setAskedFor(form.getValues('email').trim()),
    onProblem: useFormProblem(form),
  })

  if (askedFor)
    return (
      <DoorPage title={t('forgot.sentTitle')}>
        <DoorMessage
          icon={<Icon of={MailCheck} className="size-7" />}
          action={
            <>
              <LinkButton to="/login">{t('forgot.toLogin')}</LinkButton>
              <Button variant="quiet" onClick={() => setAskedFor(undefined)}>
                {t('forgot.again')}
              </Button>
            </>
          }
        >
          <p>{t('forgot.sent', { email: askedFor })}</p>
          <p className="text-soft">{t('forgot.sentHint')}</p>
        </DoorMessage>
      </DoorPage>
    )
  return (
    <DoorPage
      title={t('forgot.title')}
      lead={t('forgot.lead')}
      footer={
        <>
          {t('forgot.remembered')} <Link to="/login">{t('login.submit')}</Link>
        </>
      }
    >
      <Form form={form} onSubmit={forgot.run}>
        <TextField name="email" label={t('login.email')} type="email" autoComplete="username" />
        <Button type="submit" pending={forgot.pending}>
          {t('forgot.submit')}
        </Button>
      </Form>
    </DoorPage>
  )
}
