import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '@/ui/Button'
import { Actions, Dialog } from '@/ui/Dialog'
import { Written } from '@/ui/Written'
import type { BookField, BookValues } from './book-form'
import { changedMeanwhile, withTheirs } from './merge'
import { useFieldText } from './useFieldText'

type Side = 'mine' | 'theirs'

/** The book was changed elsewhere since it was opened here: which of the two is to stand, field by field. */
export function MergeDialog({
  before,
  mine,
  now,
  onCancel,
  onMerge,
}: {
  before: BookValues
  mine: BookValues
  now: BookValues
  onCancel: () => void
  onMerge: (values: BookValues) => void
}) {
  const { t } = useTranslation('shelf')
  const saying = useFieldText()
  const differences = changedMeanwhile(before, mine, now)
  const [chosen, setChosen] = useState<Partial<Record<BookField, Side>>>({})
  const sideOf = (field: BookField, mineChanged: boolean): Side => chosen[field] ?? (mineChanged ? 'mine' : 'theirs')
  const theirs = differences
    .filter(({ field, mineChanged }) => sideOf(field, mineChanged) === 'theirs')
    .map(({ field }) => field)
  return (
    <Dialog open onOpenChange={(open) => !open && onCancel()} title={t('merge.title')} description={t('merge.text')}>
      <form
        className="flex flex-col gap-6"
        onSubmit={(event) => {
          event.preventDefault()
          onMerge(withTheirs(mine, now, theirs))
        }}
      >
        {differences.map(({ field, mineChanged }) => (
          <fieldset key={field} className="flex flex-col gap-2">
            <legend className="mb-1.5 font-medium">{t(`field.${field}`, { count: mine.authors.length })}</legend>
            {(['theirs', 'mine'] as const).map((side) => (
              <label
                key={side}
                className="flex min-h-11 cursor-pointer items-start gap-3 rounded-md border border-control bg-card px-4 py-2.5 has-checked:border-ink has-checked:bg-sunken"
              >
                <input
                  type="radio"
                  name={field}
                  className="mt-0.5 size-5 shrink-0 accent-ink"
                  checked={sideOf(field, mineChanged) === side}
                  onChange={() => setChosen({ ...chosen, [field]: side })}
                />
                <span className="min-w-0 text-sm text-soft">
                  {t(`merge.${side}`)}{' '}
                  <Written as="span" className="line-clamp-4 text-left text-base whitespace-pre-line text-ink">
                    {saying(field, side === 'mine' ? mine : now) || t('merge.empty')}
                  </Written>
                </span>
              </label>
            ))}
          </fieldset>
        ))}
        <Actions>
          <Button type="submit">{t('merge.submit')}</Button>
          <Button variant="secondary" onClick={onCancel}>
            {t('merge.cancel')}
          </Button>
        </Actions>
      </form>
    </Dialog>
  )
}
