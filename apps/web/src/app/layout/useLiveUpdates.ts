import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'

/** Keeps what a member sees up to date with what others do. The line is opened once the page is there. */
export function useLiveUpdates(userId: string | undefined): void {
  const queries = useQueryClient()
  useEffect(() => {
    if (!userId) return
    const stop = new AbortController()
    void import('@/api/live').then(({ followNotifications, refreshAfter }) => {
      if (stop.signal.aborted) return
      followNotifications(
        {
          onNotification: (notification) => refreshAfter(queries, notification),
          onGap: () => void queries.invalidateQueries(),
        },
        stop.signal,
      )
    })
    return () => stop.abort()
  }, [userId, queries])
}
