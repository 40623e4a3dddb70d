import { useSyncExternalStore } from 'react'
import { isolated } from '@/i18n/isolate'
import { titleCount } from './title-count'

/** Names the browser's tab. `PageHeader` does so by itself. */
export function PageTitle({ children }: { children: string }) {
  const waiting = useSyncExternalStore(titleCount.subscribe, titleCount.get)
  // A sentence has its names isolated already.
  const words = children.includes('\u2068') ? children : isolated(children)
  return <title>{`${waiting > 0 ? `(${waiting}) ` : ''}${words} · Folkshelf`}</title>
}
