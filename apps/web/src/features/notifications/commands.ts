import type { InfiniteData, QueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, ask, askNothing } from '@/api/client'
import { keys } from '@/api/keys'
import { isNotFound, Offline } from '@/api/problem'
import { useCommand } from '@/api/useCommand'
import type { Notification } from './queries'

type Pages = InfiniteData<{ items: Notification[] }>

const refreshes = [keys.notifications.all]

/** Shows the inbox as it will be; returns how to show it as it was. `undefined` from `change`: it is gone. */
function rewrite(queries: QueryClient, change: (notification: Notification) => Notification | undefined): () => void {
  void queries.cancelQueries({ queryKey: keys.notifications.all })
  const before = queries.getQueriesData({ queryKey: keys.notifications.all })
  queries.setQueriesData<Pages>(
    { queryKey: [...keys.notifications.all, 'list'] },
    (data) =>
      data && {
        ...data,
        pages: data.pages.map((page) => ({ ...page, items: page.items.flatMap((item) => change(item) ?? []) })),
      },
  )
  return () => before.forEach(([key, data]) => queries.setQueryData(key, data))
}

function countDown(queries: QueryClient, by: number) {
  queries.setQueryData<{ count: number }>(
    keys.notifications.unread,
    (unread) => unread && { count: Math.max(unread.count - by, 0) },
  )
}

export function useMarkRead({ id, read }: Notification) {
  const { run } = useCommand({
    send: (_input: void, headers) =>
      ask(api.POST('/api/v1/notifications/{id}/read', { params: { path: { id } }, headers })),
    refreshes,
    optimistic(_input, queries) {
      const takeBack = rewrite(queries, (item) => (item.id === id ? { ...item, read: true } : item))
      countDown(queries, 1)
      return takeBack
    },
    // Nobody asked for it: they followed a link.
    onProblem: (problem) => isNotFound(problem) || problem instanceof Offline,
  })
  return () => {
    if (!read) run()
  }
}

export function useMarkAllRead() {
  const { t } = useTranslation('notifications')
  return useCommand({
    send: (_input: void, headers) => ask(api.POST('/api/v1/notifications/read-all', { headers })),
    refreshes,
    optimistic(_input, queries) {
      const takeBack = rewrite(queries, (item) => ({ ...item, read: true }))
      countDown(queries, Number.POSITIVE_INFINITY)
      return takeBack
    },
    said: t('done.allRead'),
  })
}

export function useDelete({ id, read }: Notification) {
  return useCommand({
    send: (_input: void, headers) =>
      askNothing(api.DELETE('/api/v1/notifications/{id}', { params: { path: { id } }, headers })),
    refreshes,
    optimistic(_input, queries) {
      const takeBack = rewrite(queries, (item) => (item.id === id ? undefined : item))
      if (!read) countDown(queries, 1)
      return takeBack
    },
    // It is gone already: as good.
    onProblem: isNotFound,
  })
}

export function useDeleteRead({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation('notifications')
  return useCommand({
    send: (_input: void, headers) => ask(api.DELETE('/api/v1/notifications/read', { headers })),
    refreshes,
    said: ({ count }) => t('done.deleted', { count }),
    onDone,
  })
}
