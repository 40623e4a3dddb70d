import { useQuery } from '@tanstack/react-query'
import { api, ask } from '@/api/client'
import { keys } from '@/api/keys'
import { useSession } from '@/api/useSession'

export function useUnreadCount(): number {
  const { user } = useSession()
  const { data } = useQuery({
    queryKey: keys.notifications.unread,
    queryFn: ({ signal }) => ask(api.GET('/api/v1/notifications/unread-count', { signal })),
    select: ({ count }) => count,
    enabled: user !== undefined,
  })
  return data ?? 0
}
