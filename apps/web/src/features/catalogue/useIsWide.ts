import { useSyncExternalStore } from 'react'

/** As Tailwind's `lg`. */
const wide = () => matchMedia('(min-width: 64rem)')

function subscribe(onChange: () => void) {
  const query = wide()
  query.addEventListener('change', onChange)
  return () => query.removeEventListener('change', onChange)
}

/** Whether there is room for a column beside the list. What is not shown is not fetched either. */
export function useIsWide(): boolean {
  return useSyncExternalStore(subscribe, () => wide().matches)
}
