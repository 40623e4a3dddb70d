import { X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useFormats } from '@/i18n/format'
import { Written } from '@/ui/Written'
import { filtersIn, searchOf, type Filter, type Filters } from './filters'

/** Each filter in use, to be taken away again. */
export function ActiveFilters({ filters, ownerName }: { filters: Filters; ownerName: string | undefined }) {
  const { t } = useTranslation('catalogue')
  const format = useFormats()
  const active = filtersIn(filters)
  if (active.length === 0) return null
  const words: Record<Filter, string> = {
    category: filters.category ?? '',
    language: filters.language ? format.languageName(filters.language) : '',
    available: t('filters.available'),
    owner: ownerName ?? t('filters.someOwner'),
  }
  return (
    <ul aria-label={t('filters.active')} className="mb-4 flex flex-wrap items-center gap-2">
      {active.map((name) => (
        <li key={name} className="max-w-full min-w-0">
          <Link
            to={{ search: searchOf({ ...filters, [name]: undefined }) }}
            aria-label={t('filters.remove', { filter: words[name] })}
            className="inline-flex min-h-9 max-w-full items-center gap-1.5 rounded-full bg-accent-soft py-1 pr-2.5 pl-3.5 text-sm font-medium text-accent-strong hover:bg-sunken pointer-coarse:min-h-11"
          >
            <Written as="span" className="truncate first-letter:uppercase">
              {words[name]}
            </Written>
            <X aria-hidden className="size-4 shrink-0" />
          </Link>
        </li>
      ))}
      {active.length > 1 && (
        <li>
          <Link
            to={{ search: searchOf({ q: filters.q, sort: filters.sort }) }}
            className="inline-flex min-h-9 items-center rounded-md px-2 text-sm font-medium text-accent hover:bg-accent-soft pointer-coarse:min-h-11"
          >
            {t('filters.clear')}
          </Link>
        </li>
      )}
    </ul>
  )
}
