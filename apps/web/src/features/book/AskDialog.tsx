import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { useMemo } from 'react'
import { useForm, useWatch } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import * as z from 'zod/mini'
import { useFormProblem } from '@/api/form-errors'
import { ApiProblem } from '@/api/problem'
import type { BookCard } from '@/features/catalogue'
import { Button, LinkButton } from '@/ui/Button'
import { Actions, Dialog } from '@/ui/Dialog'
import { NumberField, TextArea } from '@/ui/form/fields'
import { Form } from '@/ui/form/Form'
import { Written } from '@/ui/Written'
import { useAskFor } from './commands'
import { DaysChoice, OTHER } from './DaysChoice'

const LONGEST_LOAN = 90
const MESSAGE_LENGTH = 1000

interface Asking {
  open: boolean
  onClose: () => void
  book: BookCard
  /** Where the focus goes afterwards: what opened it may be gone. */
  finalFocus: () => HTMLElement | null
}

export default function AskDialog({ open, onClose, book, finalFocus }: Asking) {
  const { t } = useTranslation('book')
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => !next && onClose()}
      title={t('ask.title', { owner: book.owner.name })}
      description={<Written>{book.title}</Written>}
      finalFocus={finalFocus}
    >
      <AskForm book={book} onClose={onClose} />
    </Dialog>
  )
}

function AskForm({ book, onClose }: Pick<Asking, 'book' | 'onClose'>) {
  const { t } = useTranslation('book')
  const { t: common } = useTranslation()
  const schema = useMemo(
    () =>
      z
        .object({
          days: z.string(),
          otherDays: z.string().check(z.trim()),
          message: z.string().check(z.trim(), z.maxLength(MESSAGE_LENGTH, t('ask.messageLong'))),
        })
        .check(
          z.refine(({ days, otherDays }) => days !== OTHER || isLoanTime(otherDays), {
            path: ['otherDays'],
            error: t('ask.otherWrong'),
          }),
        ),
    [t],
  )
  const form = useForm({
    resolver: standardSchemaResolver(schema),
    defaultValues: { days: '21', otherDays: '', message: '' },
  })
  const asking = useAskFor(book, useFormProblem(form))
  const days = useWatch({ control: form.control, name: 'days' })
  const tooMany = asking.problem instanceof ApiProblem && asking.problem.code === 'TOO_MANY_OPEN_REQUESTS'
  const giving = book.lending === 'give'
  return (
    <Form
      form={form}
      onSubmit={({ days, otherDays, message }) =>
        asking.run({ days: Number(days === OTHER ? otherDays : days), ...(message && { message }) })
      }
    >
      {tooMany && (
        <LinkButton to="/loans" variant="secondary">
          {t('ask.loans')}
        </LinkButton>
      )}
      {giving ? (
        <p className="text-soft">{t('outlook.giving', { owner: book.owner.name })}</p>
      ) : (
        <>
          <DaysChoice />
          {days === OTHER && <NumberField name="otherDays" label={t('ask.otherDays')} maxLength={2} />}
        </>
      )}
      <TextArea
        name="message"
        optional
        rows={3}
        label={t('ask.message', { owner: book.owner.name })}
        placeholder={t('ask.messagePlaceholder')}
      />
      <Actions>
        <Button type="submit" pending={asking.pending}>
          {t('ask.submit')}
        </Button>
        <Button variant="secondary" onClick={onClose}>
          {common('cancel')}
        </Button>
      </Actions>
    </Form>
  )
}

function isLoanTime(text: string): boolean {
  return /^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= LONGEST_LOAN
}
