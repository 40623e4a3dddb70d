import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { useMemo } from 'react'
import { useForm, useWatch } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import * as z from 'zod/mini'
import { useFormProblem } from '@/api/form-errors'
import { Choice, TextArea } from '@/ui/form/fields'
import { useLoanAction } from '../actions'
import type { ActionDialogProps } from './action-dialog'
import { FormDialog } from './FormDialog'

/** The owner has the book back. */
export function ReturnDialog({ dialog, loan, moved }: ActionDialogProps) {
  const { t } = useTranslation('loans')
  const schema = useMemo(
    () =>
      z.object({
        condition: z.enum(['ok', 'damaged']),
        note: z.string().check(z.trim(), z.maxLength(1000, t('tooLong'))),
      }),
    [t],
  )
  const form = useForm({
    resolver: standardSchemaResolver(schema),
    defaultValues: { condition: 'ok' as 'ok' | 'damaged', note: '' },
  })
  const damaged = useWatch({ control: form.control, name: 'condition' }) === 'damaged'
  const confirm = useLoanAction(loan, 'confirmReturn', { moved, onProblem: useFormProblem(form) })
  return (
    <FormDialog
      {...dialog}
      title={t('return.title')}
      form={form}
      submit={t('return.submit')}
      pending={confirm.pending}
      onSubmit={({ condition, note }) => confirm.run({ condition, note: note || null })}
    >
      <Choice
        name="condition"
        label={t('return.condition')}
        options={[
          { value: 'ok', label: t('return.ok') },
          { value: 'damaged', label: t('return.damaged'), hint: t('return.damagedHint') },
        ]}
      />
      <TextArea
        name="note"
        label={t(damaged ? 'return.damage' : 'return.note')}
        hint={t('readBy', { name: loan.borrower.name })}
        rows={3}
        optional
      />
    </FormDialog>
  )
}
