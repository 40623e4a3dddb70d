import { useTranslation } from 'react-i18next'
import { Button } from '@/ui/Button'
import { Dialog } from '@/ui/Dialog'
import FilterPanel from './FilterPanel'
import type { Filters } from './filters'

/** The filters on phones. The list behind changes with every choice. */
export default function FilterSheet({
  open,
  onOpenChange,
  filters,
  found,
}: {
  open: boolean
  onOpenChange: (open: boolean) => void
  filters: Filters
  /** How many books there are, in words, once that is known. */
  found: string
}) {
  const { t } = useTranslation('catalogue')
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t('filters.label')}>
      <FilterPanel filters={filters} />
      <div className="sticky -bottom-5 -mx-5 mt-6 -mb-5 border-t border-line bg-card px-5 pt-3 pb-[max(1.25rem,env(safe-area-inset-bottom))]">
        <Button className="w-full" onClick={() => onOpenChange(false)}>
          {found}
        </Button>
      </div>
    </Dialog>
  )
}
