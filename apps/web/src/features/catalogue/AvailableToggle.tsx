import { Circle, CircleCheck } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { classes } from '@/ui/classes'
import { searchOf, type Filters } from './filters'

export function AvailableToggle({ filters }: { filters: Filters }) {
  const { t } = useTranslation('catalogue')
  const navigate = useNavigate()
  const on = filters.available ?? false
  return (
    <button
      type="button"
      aria-pressed={on}
      onClick={() => void navigate({ search: searchOf({ ...filters, available: on ? undefined : true }) })}
      className={classes(
        'inline-flex min-h-11 w-fit items-center gap-2 rounded-md border px-4 font-medium whitespace-nowrap transition-colors',
        on ? 'border-free bg-free-soft text-free' : 'border-control bg-card hover:bg-sunken',
      )}
    >
      {on ? (
        <CircleCheck aria-hidden className="size-5 shrink-0" />
      ) : (
        <Circle aria-hidden className="size-5 shrink-0 text-control" />
      )}
      {t('filters.available')}
    </button>
  )
}
