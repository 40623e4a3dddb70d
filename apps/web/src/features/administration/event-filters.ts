import { useMemo } from 'react'
import { useSearchParams } from 'react-router'
import type { EventFilters } from './queries'

export const filterNames = ['type', 'aggregate', 'from', 'to'] as const

/** Which events are looked for, kept in the address. */
export function useEventFilters(): { filters: EventFilters; filtered: boolean } {
  const [search] = useSearchParams()
  return useMemo(() => {
    const given = filterNames.flatMap((name) => {
      const value = search.get(name)
      return value ? [[name, value] as const] : []
    })
    return { filters: Object.fromEntries(given), filtered: given.length > 0 }
  }, [search])
}

/** The page that shows everything that happened to one thing. */
export function eventsOf(aggregate: { aggregateType: string; aggregateId: string }): string {
  const { aggregateType, aggregateId } = aggregate
  return `/admin/events?${new URLSearchParams({ aggregate: `${aggregateType}:${aggregateId}` })}`
}
