import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { useMemo } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import * as z from 'zod/mini'
import { useFormProblem } from '@/api/form-errors'
import { Button } from '@/ui/Button'
import { Actions, Dialog } from '@/ui/Dialog'
import { Choice, TextArea } from '@/ui/form/fields'
import { Form } from '@/ui/form/Form'
import { reasons, useReport, type Reason } from './reports'

export interface ReportDialogProps {
  person: { id: string; name: string }
  /** The loan that it is about: moderators read its messages then. */
  loanId?: string | undefined
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** Tells the moderators about somebody. */
export default function ReportDialog({ person, loanId, open, onOpenChange }: ReportDialogProps) {
  const { t } = useTranslation('people')
  const { name } = person
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={t('report.title', { name })}
      description={t(loanId ? 'report.textLoan' : 'report.text', { name })}
    >
      <ReportForm person={person} loanId={loanId} onClose={() => onOpenChange(false)} />
    </Dialog>
  )
}

function ReportForm({
  person,
  loanId,
  onClose,
}: Pick<ReportDialogProps, 'person' | 'loanId'> & { onClose: () => void }) {
  const { t } = useTranslation('people')
  const { t: common } = useTranslation()
  const schema = useMemo(
    () =>
      z.object({
        reason: z.enum(reasons, t('report.reasonMissing')),
        text: z
          .string()
          .check(z.trim(), z.minLength(1, t('report.textMissing')), z.maxLength(1000, t('report.tooLong'))),
      }),
    [t],
  )
  const form = useForm({
    resolver: standardSchemaResolver(schema),
    defaultValues: { reason: '' as Reason, text: '' },
  })
  const report = useReport(person, loanId, { onDone: onClose, onProblem: useFormProblem(form) })
  return (
    <Form form={form} onSubmit={report.run}>
      <Choice
        name="reason"
        label={t('report.reason')}
        options={reasons.map((value) => ({ value, label: t(`report.reasons.${value}`) }))}
      />
      <TextArea name="text" label={t('report.words')} hint={t('report.wordsHint', { name: person.name })} rows={4} />
      <Actions>
        <Button type="submit" pending={report.pending}>
          {t('report.submit')}
        </Button>
        <Button variant="secondary" onClick={onClose}>
          {common('cancel')}
        </Button>
      </Actions>
    </Form>
  )
}
