import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { useMemo } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import * as z from 'zod/mini'
import { useFormProblem } from '@/api/form-errors'
import { Choice, TextArea } from '@/ui/form/fields'
import { useLoanAction } from '../actions'
import type { ActionDialogProps } from './action-dialog'
import { FormDialog } from './FormDialog'

const OUTCOMES = ['returned', 'active', 'lost'] as const

/** A moderator settles a dispute. */
export function ResolveDialog({ dialog, loan, moved }: ActionDialogProps) {
  const { t } = useTranslation('loans')
  const schema = useMemo(
    () =>
      z.object({
        outcome: z.enum(OUTCOMES, t('resolve.outcomeMissing')),
        note: z.string().check(z.trim(), z.minLength(1, t('resolve.noteMissing')), z.maxLength(1000, t('tooLong'))),
      }),
    [t],
  )
  const form = useForm({
    resolver: standardSchemaResolver(schema),
    // Nothing is chosen beforehand: a finding is no default.
    defaultValues: { outcome: '' as (typeof OUTCOMES)[number], note: '' },
  })
  const resolve = useLoanAction(loan, 'resolve', { moved, onProblem: useFormProblem(form) })
  return (
    <FormDialog
      {...dialog}
      title={t('resolve.title')}
      form={form}
      submit={t('resolve.submit')}
      pending={resolve.pending}
      onSubmit={resolve.run}
    >
      <Choice
        name="outcome"
        label={t('resolve.outcome')}
        options={OUTCOMES.map((value) => ({
          value,
          label: t(`resolve.${value}`),
          hint: t(`resolve.${value}Hint`),
        }))}
      />
      <TextArea name="note" label={t('resolve.note')} hint={t('resolve.noteHint')} rows={3} />
    </FormDialog>
  )
}
