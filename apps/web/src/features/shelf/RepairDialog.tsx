import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormProblem } from '@/api/form-errors'
import { Button } from '@/ui/Button'
import { Actions, Dialog } from '@/ui/Dialog'
import { Form } from '@/ui/form/Form'
import { Written } from '@/ui/Written'
import { bodyOf, bookFields } from './book-form'
import { BookInput } from './BookFields'
import { useRepairRow, useSkipRow } from './commands'
import type { BadRow } from './row-repair'
import { useBookForm } from './useBookForm'

/** Repairs the first of some rows. Once it is dealt with it is no longer among them, and the next one's turn comes. */
export function RepairDialog({
  importId,
  rows,
  onClose,
  focusAfterwards,
}: {
  importId: string
  rows: readonly BadRow[]
  onClose: () => void
  focusAfterwards: (row: number | undefined) => HTMLElement | null
}) {
  const { t } = useTranslation('shelf')
  const [first] = rows
  const last = useRef<number>(undefined)
  useEffect(() => {
    if (first) last.current = first.row
  }, [first])
  return (
    <Dialog
      open={first !== undefined}
      onOpenChange={(open) => !open && onClose()}
      title={t('repair.dialog', { row: first?.row ?? '' })}
      description={first && <span aria-live="polite">{t('repair.left', { count: rows.length })}</span>}
      finalFocus={() => focusAfterwards(last.current)}
    >
      {first && <RepairForm key={first.row} importId={importId} bad={first} />}
    </Dialog>
  )
}

/** What is wrong on top, the rest on demand. */
function RepairForm({ importId, bad: { row, wrong, values } }: { importId: string; bad: BadRow }) {
  const { t } = useTranslation('shelf')
  const [whole, setWhole] = useState(wrong.length === 0)
  // As it was opened: looking at the import again changes nothing for whoever is typing.
  const [opened] = useState({ wrong, values })
  const form = useBookForm(opened.values)
  const { trigger } = form
  useEffect(() => {
    void trigger(opened.wrong.length > 0 ? opened.wrong : undefined, { shouldFocus: true })
  }, [trigger, opened])
  const repair = useRepairRow(importId, { onProblem: useFormProblem(form) })
  const skip = useSkipRow(importId)
  const rest = bookFields.filter((field) => !opened.wrong.includes(field))

  return (
    <Form form={form} onSubmit={(values) => repair.run({ row, body: bodyOf(values) })}>
      {!whole && !opened.wrong.includes('title') && (
        <Written as="p" className="line-clamp-2 text-left font-medium">
          {opened.values.title}
        </Written>
      )}
      {opened.wrong.map((field) => (
        <BookInput key={field} field={field} />
      ))}
      {whole ? (
        rest.map((field) => <BookInput key={field} field={field} />)
      ) : (
        <Button variant="quiet" size="small" className="-ml-3 self-start" onClick={() => setWhole(true)}>
          {t('repair.allFields')}
        </Button>
      )}
      <Actions>
        <Button type="submit" pending={repair.pending}>
          {t('repair.save')}
        </Button>
        <Button variant="secondary" pending={skip.pending} onClick={() => skip.run({ row })}>
          {t('repair.skipThis')}
        </Button>
      </Actions>
    </Form>
  )
}
