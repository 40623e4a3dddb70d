import { X } from 'lucide'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useFormats } from '@/i18n/format'
import { Icon } from '@/ui/Icon'
import { Written } from '@/ui/Written'
import { filtersIn, searchOf, type Filter, type Filters } from './filters'

/** Each filter in use, to be taken away again. */
export function ActiveFilters({
  filters,
  ownerName,
  withoutAvailable,
}: {
  filters: Filters
  ownerName: string | undefined
  /** A toggle beside it says so already. */
  withoutAvailable: boolean
}) {
  const { t } = useTranslation('catalogue')
  const format = useFormats()
  const active = filtersIn(filters)
  const shown = active.filter((name) => name !== 'available' || !withoutAvailable)
  if (shown.length === 0) return null
  const words: Record<Filter, string> = {
    category: filters.category ?? '',
    language: filters.language ? format.languageName(filters.language) : '',
    available: t('filters.available'),
    owner: ownerName ?? t('filters.someOwner'),
  }
  return (
    <ul aria-label={t('filters.active')} className="contents">
      {shown.map((name) => (
        <li key={name} className="max-w-full min-w-0">
          <Link
            to={{ search: searchOf({ ...filters, [name]: undefined }) }}
            aria-label={t('filters.remove', { filter: words[name] })}
            className="flex min-h-11 max-w-full items-center"
          >
            <span className="flex min-h-8 max-w-full items-center gap-1.5 rounded-full border border-line bg-sunken pr-2 pl-3 text-sm font-medium hover:border-control">
              <Written as="span" className="truncate first-letter:uppercase">
                {words[name]}
              </Written>
              <Icon of={X} className="size-4 shrink-0 text-soft" />
            </span>
          </Link>
        </li>
      ))}
      {active.length > 1 && (
        <li>
          <Link
            to={{ search: searchOf({ q: filters.q, sort: filters.sort }) }}
            className="inline-flex min-h-11 items-center text-sm link"
          >
            {t('filters.clear')}
          </Link>
        </li>
      )}
    </ul>
  )
}
