import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { api, ask, askPage } from '@/api/client'
import { keys } from '@/api/keys'
import type { components } from '@/api/schema'
import { useSession } from '@/api/useSession'

export type Notification = components['schemas']['NotificationView']

export function useUnreadCount(): number {
  const { user } = useSession()
  const { data } = useQuery({
    queryKey: keys.notifications.unread,
    queryFn: ({ signal }) => ask(api.GET('/api/v1/notifications/unread-count', { signal })),
    select: ({ count }) => count,
    enabled: user !== undefined,
    // What is read on another device is told to nobody.
    refetchOnWindowFocus: 'always',
  })
  return data ?? 0
}

export function useNotifications({ unread = false }: { unread?: boolean } = {}) {
  const filters = unread ? { unread: true } : {}
  return useInfiniteQuery({
    queryKey: keys.notifications.list(filters),
    queryFn: ({ pageParam: cursor, signal }) =>
      askPage(
        api.GET('/api/v1/notifications', { params: { query: { ...filters, ...(cursor && { cursor }) } }, signal }),
      ),
    initialPageParam: '',
    getNextPageParam: ({ pagination }) => pagination.nextCursor,
  })
}
