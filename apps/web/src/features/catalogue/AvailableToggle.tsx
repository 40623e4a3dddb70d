import { CircleCheck } from 'lucide'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { Icon } from '@/ui/Icon'
import { searchOf, type Filters } from './filters'
import { toggleLook } from './look'

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
      className={toggleLook(chip ? 'chip' : 'button', on)}
    >
      {on ? <Icon of={CircleCheck} className={chip ? 'size-4 shrink-0' : 'size-5 shrink-0'} /> : off}
      {t('filters.available')}
    </button>
  )
}
