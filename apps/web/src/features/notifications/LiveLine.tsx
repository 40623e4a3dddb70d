import { useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { liveState, type LiveState } from '@/api/live-state'
import { classes } from '@/ui/classes'

const dots: Record<LiveState, string> = {
  connected: 'bg-free',
  connecting: 'bg-due animate-pulse',
  polling: 'bg-due',
  offline: 'bg-late',
}

/** Whether what is new appears by itself. */
export function LiveLine() {
  const { t } = useTranslation('notifications')
  const state = useSyncExternalStore(liveState.subscribe, liveState.get)
  return (
    <span className="inline-flex items-center gap-2 text-sm whitespace-nowrap text-soft">
      <span aria-hidden className={classes('size-2 rounded-full', dots[state])} />
      {t(`live.${state}`)}
    </span>
  )
}
