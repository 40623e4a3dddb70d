import { useInfiniteQuery, type InfiniteData, type QueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { api, ask, askNothing, askPage } from '@/api/client'
import { keys } from '@/api/keys'
import type { components } from '@/api/schema'
import { useCommand } from '@/api/useCommand'
import { useSession } from '@/api/useSession'
import { toast } from '@/ui/toast'

export type Block = components['schemas']['BlockView']
type Somebody = Block['user']
interface Blocks {
  items: Block[]
  pagination: components['schemas']['Pagination']
}

/** Most members block fewer than one page holds. */
const PAGE_SIZE = 100
/** What is between two members: their books in each other's lists, and what they ask each other for. */
const BETWEEN_TWO = [keys.account.blocks, keys.books.all, keys.borrows.all]

/** Whom I block, the newest first. */
export function useBlocks() {
  const { user } = useSession()
  return useInfiniteQuery({
    queryKey: keys.account.blocks,
    queryFn: ({ pageParam: page, signal }): Promise<Blocks> =>
      askPage(api.GET('/api/v1/profile/blocks', { params: { query: { page, limit: PAGE_SIZE } }, signal })),
    initialPageParam: 1,
    getNextPageParam: ({ pagination: { page, totalPages } }) => (page < totalPages ? page + 1 : undefined),
    enabled: user !== undefined,
  })
}

/** Whether I block somebody. `undefined`: that is not known yet, or nobody is logged in. */
export function useIsBlocked(id: string): boolean | undefined {
  const { data, hasNextPage, isFetching, isError, fetchNextPage } = useBlocks()
  const blocked = data?.pages.some(({ items }) => items.some(({ user }) => user.id === id))
  const goesOn = blocked === false && hasNextPage
  useEffect(() => {
    if (goesOn && !isFetching && !isError) void fetchNextPage()
  }, [goesOn, isFetching, isError, fetchNextPage])
  return goesOn ? undefined : blocked
}

export function useBlock(onDone?: () => void) {
  const { t } = useTranslation('people')
  return useCommand({
    send: ({ id }: Somebody, headers) => ask(api.POST('/api/v1/profile/blocks', { body: { userId: id }, headers })),
    refreshes: BETWEEN_TWO,
    said: (_, { name }) => t('block.done', { name }),
    ...(onDone && { onDone }),
  })
}

/** What it did can be taken back at once: it asks nothing. */
export function useUnblock() {
  const { t } = useTranslation('people')
  const again = useBlock()
  return useCommand({
    async send(somebody: Somebody) {
      await askNothing(api.DELETE('/api/v1/profile/blocks/{id}', { params: { path: { id: somebody.id } } }))
      // Here: the button that did it is gone by now, and nobody would call its `onDone`.
      toast({
        text: t('unblock.done', { name: somebody.name }),
        action: { label: t('unblock.undo'), run: () => again.run(somebody) },
      })
    },
    refreshes: BETWEEN_TWO,
    optimistic: ({ id }, queries) => without(id, queries),
  })
}

function without(id: string, queries: QueryClient) {
  const before = queries.getQueryData<InfiniteData<Blocks>>(keys.account.blocks)
  queries.setQueryData<InfiniteData<Blocks>>(
    keys.account.blocks,
    (blocks) =>
      blocks && {
        ...blocks,
        pages: blocks.pages.map((page) => ({ ...page, items: page.items.filter(({ user }) => user.id !== id) })),
      },
  )
  return () => queries.setQueryData(keys.account.blocks, before)
}
