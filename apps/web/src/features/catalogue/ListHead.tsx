import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { writtenNumber } from '@/i18n/number'
import { Skeleton } from '@/ui/Feedback'
import { AvailableToggle } from './AvailableToggle'
import { filtersIn, isAtLeast, searchOf, sorts, type Filters, type Sort } from './filters'
import { headLook } from './look'

// Seen now and then.
const ActiveFilters = lazy(async () => ({ default: (await import('./ActiveFilters')).ActiveFilters }))

/** One line above the list: how many books there are, by what they are narrowed down, and their order. */
export function ListHead({
  filters,
  total,
  loading,
  ownerName,
  narrow,
}: {
  filters: Filters
  /** `undefined`: it is not known. */
  total: number | undefined
  loading: boolean
  ownerName: string | undefined
  /** There is no column of filters beside the list. */
  narrow: boolean
}) {
  return (
    <div className={headLook.line}>
      <div className={headLook.start}>
        {loading ? <Skeleton className="h-5 w-16" /> : <Count total={total} filters={filters} />}
        {narrow && <AvailableToggle filters={filters} chip />}
        <Suspense>
          {filtersIn(filters).length > 0 && (
            <ActiveFilters filters={filters} ownerName={ownerName} withoutAvailable={narrow} />
          )}
        </Suspense>
      </div>
      {(loading || Boolean(total)) && <SortSelect filters={filters} />}
    </div>
  )
}

function Count({ total, filters }: { total: number | undefined; filters: Filters }) {
  const { t, i18n } = useTranslation('catalogue')
  if (total === undefined) return null
  const key = isAtLeast(total, filters) ? 'browse.atLeast' : 'browse.count'
  return (
    <p role="status" className={total > 0 ? headLook.count : 'sr-only'}>
      {total > 0 ? t(key, { count: total, formatted: writtenNumber(total, i18n.language) }) : t('empty.title')}
    </p>
  )
}

function SortSelect({ filters }: { filters: Filters }) {
  const { t } = useTranslation('catalogue')
  const navigate = useNavigate()
  // What is the order without a choice has no name in the address.
  const options = filters.q ? (['', ...sorts] as const) : (['', 'title', 'year'] as const)
  const first = filters.q ? 'sort.relevance' : 'sort.newest'
  return (
    <select
      aria-label={t('sort.label')}
      className={headLook.sort}
      value={filters.q || filters.sort !== 'newest' ? (filters.sort ?? '') : ''}
      onChange={({ target }) =>
        void navigate({ search: searchOf({ ...filters, sort: (target.value || undefined) as Sort | undefined }) })
      }
    >
      {options.map((sort) => (
        <option key={sort} value={sort}>
          {t(sort ? `sort.${sort}` : first)}
        </option>
      ))}
    </select>
  )
}
