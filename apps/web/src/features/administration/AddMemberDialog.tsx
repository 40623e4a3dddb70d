import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { useMemo } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import * as z from 'zod/mini'
import { useFormProblem } from '@/api/form-errors'
import { Button } from '@/ui/Button'
import { Actions, Dialog } from '@/ui/Dialog'
import { TextField } from '@/ui/form/fields'
import { Form } from '@/ui/form/Form'
import { useAddMember } from './commands'

const fieldOfCode = { EMAIL_TAKEN: 'email' } as const

export function AddMemberDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const { t } = useTranslation('administration')
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t('add.title')} description={t('add.text')}>
      <AddMemberForm onClose={() => onOpenChange(false)} />
    </Dialog>
  )
}

function AddMemberForm({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('administration')
  const { t: common } = useTranslation()
  const schema = useMemo(
    () =>
      z.object({
        name: z.string().check(z.trim(), z.minLength(1, t('add.nameMissing')), z.maxLength(100)),
        email: z.string().check(z.trim(), z.email(t('add.emailWrong')), z.maxLength(254, t('add.emailWrong'))),
      }),
    [t],
  )
  const form = useForm({ resolver: standardSchemaResolver(schema), defaultValues: { name: '', email: '' } })
  const add = useAddMember({ said: t('add.done'), onDone: onClose, onProblem: useFormProblem(form, fieldOfCode) })
  return (
    <Form form={form} onSubmit={add.run}>
      <TextField name="name" label={t('members.name')} autoComplete="off" maxLength={100} />
      <TextField name="email" label={t('add.email')} type="email" autoComplete="off" />
      <Actions>
        <Button type="submit" pending={add.pending}>
          {t('add.submit')}
        </Button>
        <Button variant="secondary" onClick={onClose}>
          {common('cancel')}
        </Button>
      </Actions>
    </Form>
  )
}
