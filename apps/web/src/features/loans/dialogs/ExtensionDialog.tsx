import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import * as z from 'zod/mini'
import { useFormProblem } from '@/api/form-errors'
import { useFormats } from '@/i18n/format'
import { Choice } from '@/ui/form/fields'
import { useLoanAction } from '../actions'
import type { ActionDialogProps } from './action-dialog'
import { FormDialog } from './FormDialog'
import { dueAfter } from './due-after'

const OFFERS = ['3', '7', '14', '30'] as const
const schema = z.object({ days: z.enum(OFFERS) })

/** The borrower asks to keep the book longer. */
export function ExtensionDialog({ dialog, loan, moved }: ActionDialogProps) {
  const { t } = useTranslation('loans')
  const format = useFormats()
  const form = useForm({
    resolver: standardSchemaResolver(schema),
    defaultValues: { days: '7' as (typeof OFFERS)[number] },
  })
  const ask = useLoanAction(loan, 'requestExtension', { moved, onProblem: useFormProblem(form) })
  return (
    <FormDialog
      {...dialog}
      title={t('extension.title')}
      description={t('extension.text', { owner: loan.owner.name })}
      form={form}
      submit={t('extension.submit')}
      pending={ask.pending}
      onSubmit={({ days }) => ask.run({ days: Number(days) })}
    >
      <Choice
        name="days"
        label={t('extension.label')}
        options={OFFERS.map((days) => ({
          value: days,
          label: t('days', { count: Number(days) }),
          hint: t('extension.until', { when: format.day(dueAfter(loan, Number(days))) }),
        }))}
      />
    </FormDialog>
  )
}
