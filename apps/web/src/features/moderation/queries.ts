import { useInfiniteQuery } from '@tanstack/react-query'
import { api, askPage } from '@/api/client'
import { useNamed } from '@/api/former'
import { keys } from '@/api/keys'
import type { components } from '@/api/schema'

export type Dispute = components['schemas']['BorrowView']

/** A new dispute is told; that another moderator has settled one is not: they are looked up again now and then. */
const DISPUTES_GO = 30_000

export const disputeLists = ['open', 'settled'] as const
export type DisputeList = (typeof disputeLists)[number]

const filtersOf = {
  open: { role: 'any', status: 'disputed' },
  settled: { role: 'any', resolved: true },
} as const

export function useDisputes(list: DisputeList) {
  const filters = filtersOf[list]
  const named = useNamed()
  return useInfiniteQuery({
    queryKey: keys.borrows.list(filters),
    queryFn: ({ pageParam: cursor, signal }) =>
      askPage(api.GET('/api/v1/borrows', { params: { query: { ...filters, ...(cursor && { cursor }) } }, signal })),
    initialPageParam: '',
    getNextPageParam: ({ pagination }) => pagination.nextCursor,
    select: ({ pages, ...data }) => ({
      ...data,
      pages: pages.map((page) => ({ ...page, items: page.items.map(named.loan) })),
    }),
    refetchInterval: DISPUTES_GO,
  })
}
