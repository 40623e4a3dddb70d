import { CircleCheck } from 'lucide'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { classes } from '@/ui/classes'
import { Icon } from '@/ui/Icon'
import { searchOf, type Filters } from './filters'

const look = {
  button: 'min-h-11 w-fit rounded-md px-4 font-medium',
  // The finger finds more than the eye sees.
  chip: 'relative min-h-8 rounded-full px-3 text-sm font-medium after:absolute after:-inset-y-1.5 after:inset-x-0',
}

export function AvailableToggle({
  filters,
  chip = false,
  off,
}: {
  filters: Filters
  chip?: boolean
  /** Shown while it is not on. */
  off?: ReactNode
}) {
  const { t } = useTranslation('catalogue')
  const navigate = useNavigate()
  const on = filters.available ?? false
  return (
    <button
      type="button"
      aria-pressed={on}
      onClick={() => void navigate({ search: searchOf({ ...filters, available: on ? undefined : true }) })}
      className={classes(
        'inline-flex items-center gap-2 border whitespace-nowrap transition-colors',
        chip ? look.chip : look.button,
        on ? 'border-free bg-free-soft text-free' : 'border-control bg-card hover:bg-sunken',
      )}
    >
      {on ? <Icon of={CircleCheck} className={chip ? 'size-4 shrink-0' : 'size-5 shrink-0'} /> : off}
      {t('filters.available')}
    </button>
  )
}
