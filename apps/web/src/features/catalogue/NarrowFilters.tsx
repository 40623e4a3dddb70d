import { SlidersHorizontal } from 'lucide'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { writtenNumber } from '@/i18n/number'
import { IconButton } from '@/ui/Button'
import { Icon } from '@/ui/Icon'
import { filtersIn, type Filters } from './filters'

const load = () => import('./FilterSheet')
const FilterSheet = lazy(load)

/** Where there is no room for a column: a button in the search box, and a sheet that is fetched when somebody reaches for it. */
export function NarrowFilters({ filters, total }: { filters: Filters; total: number | undefined }) {
  const { t, i18n } = useTranslation('catalogue')
  const [wanted, setWanted] = useState(false)
  const [open, setOpen] = useState(false)
  const count = filtersIn(filters).length
  const found = !total
    ? t('filters.showNone')
    : t('filters.show', { count: total, formatted: writtenNumber(total, i18n.language) })
  return (
    <>
      <IconButton
        label={count > 0 ? t('filters.openActive', { count }) : t('filters.open')}
        aria-haspopup="dialog"
        className="relative"
        onPointerEnter={() => void load()}
        onFocus={() => void load()}
        onClick={() => {
          setWanted(true)
          setOpen(true)
        }}
      >
        <Icon of={SlidersHorizontal} className="size-5" />
        {count > 0 && (
          <span
            aria-hidden
            className="absolute top-1 right-1 inline-flex size-4.5 items-center justify-center rounded-full bg-ink text-xs font-semibold text-paper tabular-nums"
          >
            {count}
          </span>
        )}
      </IconButton>
      {wanted && (
        <Suspense>
          <FilterSheet open={open} onOpenChange={setOpen} filters={filters} found={found} />
        </Suspense>
      )}
    </>
  )
}
