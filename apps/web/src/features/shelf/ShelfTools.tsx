import { Search } from 'lucide'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { classes } from '@/ui/classes'
import { Icon } from '@/ui/Icon'
import { shelfParts } from './queries'
import { useShelfView } from './useShelfView'

const PAUSE_IN_TYPING = 250

/** Searching within the shelf and narrowing it down. */
export function ShelfTools() {
  const { t } = useTranslation('shelf')
  const { view, change } = useShelfView()
  return (
    <div className="mb-4 flex flex-col gap-3 md:flex-row-reverse md:items-center md:justify-between">
      <ShelfSearch text={view.text} onChange={(text) => change('q', text)} />
      <fieldset className="-mx-4 min-w-0 overflow-x-auto px-4 py-1 sm:-mx-1 sm:px-1">
        <legend className="sr-only">{t('shelf.parts')}</legend>
        <div className="flex gap-1.5 sm:gap-2">
          {shelfParts.map((part) => (
            <label
              key={part}
              className={classes(
                'relative flex min-h-11 items-center rounded-full border px-3.5 whitespace-nowrap transition-colors',
                'has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-ink',
                part === view.part ? 'border-ink bg-sunken text-ink' : 'border-control bg-card hover:bg-sunken',
              )}
            >
              <input
                type="radio"
                name="part"
                className="absolute inset-0 size-full cursor-pointer opacity-0"
                checked={part === view.part}
                onChange={() => change('show', part === 'all' ? '' : part)}
              />
              {t(`shelf.part.${part}`)}
            </label>
          ))}
        </div>
      </fieldset>
    </div>
  )
}

export function ShelfOrder() {
  const { t } = useTranslation('shelf')
  const { view, change } = useShelfView()
  return (
    <select
      aria-label={t('shelf.sort.label')}
      className="-mr-1 min-h-11 shrink-0 rounded-md bg-transparent pl-2 text-sm text-soft hover:text-ink"
      value={view.sort ?? ''}
      onChange={({ target }) => change('sort', target.value)}
    >
      <option value="">{t(view.text ? 'shelf.sort.fit' : 'shelf.sort.newest')}</option>
      <option value="title">{t('shelf.sort.title')}</option>
    </select>
  )
}

/** Searches as one types, after a pause. */
function ShelfSearch({ text, onChange }: { text: string; onChange: (text: string) => void }) {
  const { t } = useTranslation('shelf')
  const [typed, setTyped] = useState(text)
  const told = useRef(text)
  // The address has changed by itself: "show all", the back button.
  useEffect(() => {
    if (text !== told.current) setTyped(text)
    told.current = text
  }, [text])
  useEffect(() => {
    const next = typed.trim()
    if (next === told.current) return
    const timer = setTimeout(() => {
      told.current = next
      onChange(next)
    }, PAUSE_IN_TYPING)
    return () => clearTimeout(timer)
  }, [typed, onChange])
  return (
    <div className="relative min-w-0 md:w-72">
      <Icon of={Search} className="pointer-events-none absolute top-3 left-3 size-5 text-soft" />
      <input
        type="search"
        className="control pl-10"
        aria-label={t('shelf.search')}
        placeholder={t('shelf.search')}
        maxLength={200}
        value={typed}
        onChange={({ target }) => setTyped(target.value)}
      />
    </div>
  )
}
