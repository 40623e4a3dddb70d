import { useSyncExternalStore } from 'react'
import { titleCount } from './title-count'

/** Names the browser's tab. `PageHeader` does so by itself. */
export function PageTitle({ children }: { children: string }) {
  const waiting = useSyncExternalStore(titleCount.subscribe, titleCount.get)
  return <title>{`${waiting > 0 ? `(${waiting}) ` : ''}${children} · Folkshelf`}</title>
}
