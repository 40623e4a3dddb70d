import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { useMemo } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import * as z from 'zod/mini'
import { useFormProblem } from '@/api/form-errors'
import { ApiProblem } from '@/api/problem'
import { TextField } from '@/ui/form/fields'
import { useLoanAction } from '../actions'
import type { ActionDialogProps } from './action-dialog'
import { FormDialog } from './FormDialog'

/** The borrower shows that the owner gave them the book. */
export function CodeDialog({ dialog, loan, moved }: ActionDialogProps) {
  const { t } = useTranslation('loans')
  const schema = useMemo(
    () =>
      z.object({
        code: z.pipe(
          z.pipe(
            z.string(),
            z.transform((text) => text.replace(/\D/g, '')),
          ),
          z.string().check(z.length(6, t('code.six'))),
        ),
      }),
    [t],
  )
  const form = useForm({ resolver: standardSchemaResolver(schema), defaultValues: { code: '' } })
  const refused = useFormProblem(form)
  const { setError, resetField } = form
  const handOver = useLoanAction(loan, 'enterCode', {
    moved,
    onProblem(problem) {
      const left =
        problem instanceof ApiProblem && problem.code === 'WRONG_HAND_OVER_CODE' && problem.detail('attemptsLeft')
      if (!left) return refused(problem)
      resetField('code')
      setError('code', { message: t('code.wrong', { count: Number(left) }) }, { shouldFocus: true })
      return true
    },
  })
  return (
    <FormDialog
      {...dialog}
      title={t('code.title')}
      description={t('code.text', { owner: loan.owner.name })}
      form={form}
      submit={t('code.submit')}
      pending={handOver.pending}
      onSubmit={({ code }) => handOver.run({ code })}
    >
      <TextField
        name="code"
        label={t('code.label')}
        inputMode="numeric"
        autoComplete="off"
        maxLength={12}
        style={{ fontSize: '1.75rem', letterSpacing: '0.3em', textAlign: 'center' }}
      />
    </FormDialog>
  )
}
