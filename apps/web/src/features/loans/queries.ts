import { useQuery } from '@tanstack/react-query'
import { api, askPage } from '@/api/client'
import { keys } from '@/api/keys'
import { useSession } from '@/api/useSession'

/** How many requests wait for my answer. */
export function useLoansWaiting(): number {
  const { user } = useSession()
  const query = { role: 'owner', status: 'pending', limit: 1 } as const
  const { data } = useQuery({
    queryKey: keys.borrows.list(query),
    queryFn: ({ signal }) => askPage(api.GET('/api/v1/borrows', { params: { query }, signal })),
    select: ({ pagination }) => pagination.total,
    enabled: user !== undefined,
  })
  return data ?? 0
}
