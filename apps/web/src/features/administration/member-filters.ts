import { useCallback, useMemo } from 'react'
import { useSearchParams } from 'react-router'
import type { MemberFilters } from './queries'

export type Changes = Partial<Record<'q' | 'role' | 'active', string>>

/** Who is looked for, kept in the address. */
export function useMemberFilters() {
  const [search, setSearch] = useSearchParams()
  const filters = useMemo(() => filtersIn(search), [search])
  const change = useCallback(
    (changes: Changes) => {
      setSearch(
        (before) => {
          const next = new URLSearchParams(before)
          for (const [name, value] of Object.entries(changes)) {
            if (value) next.set(name, value)
            else next.delete(name)
          }
          return next
        },
        { replace: true, preventScrollReset: true },
      )
    },
    [setSearch],
  )
  const clear = useCallback(() => setSearch({}, { replace: true }), [setSearch])
  return { filters, change, clear }
}

export function filtersIn(search: URLSearchParams): MemberFilters {
  const [q, role, active] = [search.get('q')?.trim(), search.get('role'), search.get('active')]
  return {
    ...(q && { q }),
    ...(role && { role }),
    ...((active === 'true' || active === 'false') && { active: active === 'true' }),
  }
}
