import { onlineManager } from '@tanstack/react-query'
import { Hourglass, WifiOff } from 'lucide'
import { useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { liveState } from '@/api/live-state'
import { pause } from '@/api/pause'
import { useSessionState } from '@/api/useSession'
import { duration } from '@/i18n/duration'
import { Icon } from '@/ui/Icon'

function subscribe(onChange: () => void) {
  return onlineManager.subscribe(onChange)
}

/** Says that what is shown may be old: there is no line at all, or none for live updates; or that the host asks to wait. */
export function OfflineBar() {
  const { t, i18n } = useTranslation()
  const { status } = useSessionState()
  const online = useSyncExternalStore(subscribe, () => onlineManager.isOnline())
  const live = useSyncExternalStore(liveState.subscribe, liveState.get)
  const seconds = useSyncExternalStore(pause.subscribe, pause.get)
  const waits = online && seconds !== undefined
  const notLive = status === 'member' && live === 'offline' ? t('notLive') : undefined
  const words = !online ? t('offline') : waits ? t('wait', { wait: duration(seconds, i18n.language) }) : notLive
  return (
    <div role="status" className="sticky top-16 z-20">
      {words && (
        <p className="flex items-center justify-center gap-2 bg-due-soft px-4 py-2 text-center text-sm font-medium text-due">
          <Icon of={waits ? Hourglass : WifiOff} className="size-4 shrink-0" />
          {words}
        </p>
      )}
    </div>
  )
}
