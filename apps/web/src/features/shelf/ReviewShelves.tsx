import { useTranslation } from 'react-i18next'
import { useFormats } from '@/i18n/format'
import { Written } from '@/ui/Written'
import type { Shelf } from './review'

/** Which of the shelves, lists or states of a file hold books that the member owns. */
export function ReviewShelves({
  shelves,
  owned,
  onShelf,
}: {
  shelves: readonly Shelf[]
  owned: ReadonlySet<string>
  onShelf: (name: string, owned: boolean) => void
}) {
  const { t } = useTranslation('shelf')
  const format = useFormats()
  return (
    <fieldset className="flex flex-col">
      <legend className="mb-1 font-serif text-heading font-semibold">{t('review.owned')}</legend>
      <p className="mb-2 max-w-prose text-soft">{t('review.ownedHint')}</p>
      <ul className="divide-y divide-line rounded-md border border-line">
        {shelves.map(({ name, count }) => (
          <li key={name}>
            <label className="flex min-h-11 cursor-pointer items-center gap-3 px-4 py-2.5 hover:bg-sunken">
              <input
                type="checkbox"
                className="size-5 shrink-0 accent-ink"
                checked={owned.has(name)}
                onChange={({ target }) => onShelf(name, target.checked)}
              />
              <Written as="span" className="line-clamp-3 min-w-0 flex-1 text-left">
                {name}
              </Written>{' '}
              <span className="shrink-0 text-soft tabular-nums">
                {t('review.rows', { count, number: format.number(count) })}
              </span>
            </label>
          </li>
        ))}
      </ul>
    </fieldset>
  )
}
