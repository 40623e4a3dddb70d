import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { useMemo } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import * as z from 'zod/mini'
import { useFormProblem } from '@/api/form-errors'
import { useUserId } from '@/api/useSession'
import { TextArea } from '@/ui/form/fields'
import { useLoanAction } from '../actions'
import { otherOf, partOf } from '../loan'
import type { ActionDialogProps } from './action-dialog'
import { FormDialog } from './FormDialog'

/** An action with which one may say a few words. */
export function WordsDialog({
  action,
  dialog,
  loan,
  moved,
}: ActionDialogProps & { action: 'reject' | 'cancel' | 'refuseExtension' | 'reportLost' }) {
  const { t } = useTranslation('loans')
  const part = partOf(loan, useUserId())
  const other = otherOf(loan, part).name
  const goesFurther = part === 'owner' && (action === 'cancel' || action === 'reportLost')
  const schema = useMemo(() => z.object({ words: z.string().check(z.trim(), z.maxLength(1000, t('tooLong'))) }), [t])
  const form = useForm({ resolver: standardSchemaResolver(schema), defaultValues: { words: '' } })
  const { run, pending } = useLoanAction(loan, action, { moved, onProblem: useFormProblem(form) })
  return (
    <FormDialog
      {...dialog}
      title={t(`${action}.title`)}
      description={t(goesFurther ? `${action}.textOwner` : `${action}.text`, { other })}
      form={form}
      submit={t(`${action}.submit`)}
      pending={pending}
      danger={action !== 'refuseExtension' && action !== 'reject'}
      onSubmit={({ words }) => run(bodyOf(action, words || null))}
    >
      <TextArea name="words" label={t(`${action}.words`)} hint={t('readBy', { name: other })} rows={3} optional />
    </FormDialog>
  )
}

function bodyOf(action: 'reject' | 'cancel' | 'refuseExtension' | 'reportLost', words: string | null) {
  switch (action) {
    case 'refuseExtension':
      return { approve: false, reason: words }
    case 'reportLost':
      return { note: words }
    default:
      return { reason: words }
  }
}
