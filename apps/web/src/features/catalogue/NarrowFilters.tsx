import { SlidersHorizontal } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormats } from '@/i18n/format'
import { Button } from '@/ui/Button'
import { AvailableToggle } from './AvailableToggle'
import { filtersIn, type Filters } from './filters'

const load = () => import('./FilterSheet')
const FilterSheet = lazy(load)

/** Where there is no room for a column: a sheet, fetched when somebody reaches for it. */
export function NarrowFilters({ filters, total }: { filters: Filters; total: number | undefined }) {
  const { t } = useTranslation('catalogue')
  const format = useFormats()
  const [wanted, setWanted] = useState(false)
  const [open, setOpen] = useState(false)
  const count = filtersIn(filters).length
  const found = !total ? t('filters.showNone') : t('filters.show', { count: total, formatted: format.number(total) })
  return (
    <div className="mb-5 flex flex-wrap gap-3">
      <Button
        variant="secondary"
        icon={<SlidersHorizontal aria-hidden className="size-5" />}
        aria-haspopup="dialog"
        aria-label={count > 0 ? t('filters.openActive', { count }) : undefined}
        onPointerEnter={() => void load()}
        onFocus={() => void load()}
        onClick={() => {
          setWanted(true)
          setOpen(true)
        }}
      >
        {t('filters.open')}
        {count > 0 && (
          <span className="rounded-full bg-accent px-2 text-sm text-on-accent tabular-nums">
            {format.number(count)}
          </span>
        )}
      </Button>
      <AvailableToggle filters={filters} />
      {wanted && (
        <Suspense>
          <FilterSheet open={open} onOpenChange={setOpen} filters={filters} found={found} />
        </Suspense>
      )}
    </div>
  )
}
