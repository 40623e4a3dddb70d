import { useCallback } from 'react'
import { useSearchParams } from 'react-router'
import { shelfParts, type ShelfView } from './queries'

/** What of the shelf is shown, as the address says it. */
export function useShelfView() {
  const [search, setSearch] = useSearchParams()
  const view: ShelfView = {
    text: search.get('q') ?? '',
    part: shelfParts.find((part) => part === search.get('show')) ?? 'all',
    sort: search.get('sort') === 'title' ? 'title' : undefined,
  }
  /** `''` takes it out of the address. */
  const change = useCallback(
    (name: 'q' | 'show' | 'sort', value: string) => {
      setSearch(
        (search) => {
          if (value) search.set(name, value)
          else search.delete(name)
          return search
        },
        { replace: true, preventScrollReset: true },
      )
    },
    [setSearch],
  )
  return { view, change }
}
