import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { useMemo } from 'react'
import { useForm, useWatch } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import * as z from 'zod/mini'
import { useFormProblem } from '@/api/form-errors'
import { Button } from '@/ui/Button'
import { Actions, Dialog } from '@/ui/Dialog'
import { Choice, TextArea } from '@/ui/form/fields'
import { Form } from '@/ui/form/Form'
import { useAnswerReport } from './commands'
import type { NamedReport } from './queries'

const OUTCOMES = ['answered', 'warned', 'deactivated'] as const
type Outcome = (typeof OUTCOMES)[number]

/** A moderator answers a report, and says what is done about the reported member. */
export function AnswerDialog({ report, open, onClose }: { report: NamedReport; open: boolean; onClose: () => void }) {
  const { t } = useTranslation('moderation')
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => !next && onClose()}
      title={t('answer.title')}
      description={t('answer.text', { name: report.about.name })}
    >
      <AnswerForm report={report} onClose={onClose} />
    </Dialog>
  )
}

function AnswerForm({ report: { id, about, reporter }, onClose }: { report: NamedReport; onClose: () => void }) {
  const { t } = useTranslation('moderation')
  const { t: common } = useTranslation()
  const words = { name: about.name }
  const schema = useMemo(() => {
    const atMost = z.maxLength(1000, t('answer.tooLong'))
    return z
      .object({
        outcome: z.enum(OUTCOMES, t('answer.outcomeMissing')),
        text: z.string().check(z.trim(), z.minLength(1, t('answer.wordsMissing')), atMost),
        warning: z.string().check(z.trim(), atMost),
      })
      .check(
        z.refine(({ outcome, warning }) => outcome !== 'warned' || warning !== '', {
          path: ['warning'],
          error: t('answer.warningMissing'),
        }),
      )
  }, [t])
  const form = useForm({
    resolver: standardSchemaResolver(schema),
    // Nothing is chosen beforehand: what is done about somebody is no default.
    defaultValues: { outcome: '' as Outcome, text: '', warning: '' },
  })
  const outcome = useWatch({ control: form.control, name: 'outcome' })
  const answer = useAnswerReport(id, { onDone: onClose, onProblem: useFormProblem(form) })
  return (
    <Form
      form={form}
      onSubmit={({ outcome, text, warning }) => answer.run({ outcome, text, ...(outcome === 'warned' && { warning }) })}
    >
      <Choice
        name="outcome"
        label={t('answer.outcome')}
        options={OUTCOMES.map((value) => ({
          value,
          label: t(`answer.outcomes.${value}`, words),
          hint: t(`answer.outcomes.${value}Hint`, words),
        }))}
      />
      {outcome === 'warned' && (
        <TextArea name="warning" label={t('answer.warning', words)} hint={t('answer.warningHint', words)} rows={3} />
      )}
      <TextArea
        name="text"
        label={t('answer.words', { name: reporter?.name })}
        hint={t('answer.wordsHint', words)}
        rows={3}
      />
      <Actions>
        <Button type="submit" pending={answer.pending} variant={outcome === 'deactivated' ? 'danger' : 'primary'}>
          {t('answer.submit')}
        </Button>
        <Button variant="secondary" onClick={onClose}>
          {common('cancel')}
        </Button>
      </Actions>
    </Form>
  )
}
