import { onlineManager } from '@tanstack/react-query'
import { WifiOff } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'

function subscribe(onChange: () => void) {
  return onlineManager.subscribe(onChange)
}

/** Says that what is shown may be old and that nothing can be sent. */
export function OfflineBar() {
  const { t } = useTranslation()
  const online = useSyncExternalStore(subscribe, () => onlineManager.isOnline())
  return (
    <div role="status" className="sticky top-16 z-20">
      {!online && (
        <p className="flex items-center justify-center gap-2 bg-due-soft px-4 py-2 text-center text-sm font-medium text-due">
          <WifiOff aria-hidden className="size-4 shrink-0" />
          {t('offline')}
        </p>
      )}
    </div>
  )
}
