import { useInfiniteQuery, useQuery, useQueryClient, type InfiniteData, type QueryClient } from '@tanstack/react-query'
import { useCallback, useState } from 'react'
import { api, ask, askPage } from '@/api/client'
import { randomKey } from '@/api/idempotency'
import { keys } from '@/api/keys'
import { useUserId } from '@/api/useSession'
import { looksForReader, type Message } from './talk'

type Page = Awaited<ReturnType<typeof fetchPage>>

/** Below the loan's own key: whatever makes the loan stale makes these stale. */
export const messagesKey = (loanId: string) => [...keys.borrows.one(loanId), 'messages'] as const

function fetchPage(id: string, cursor: string, signal: AbortSignal) {
  const query = { limit: 50, ...(cursor && { cursor }) }
  return askPage(api.GET('/api/v1/borrows/{id}/messages', { params: { path: { id }, query }, signal }))
}

/** The newest messages, and more of the older ones by and by. */
export function useMessages(loanId: string, enabled: boolean) {
  const userId = useUserId()
  return useInfiniteQuery({
    queryKey: messagesKey(loanId),
    queryFn: ({ pageParam, signal }) => fetchPage(loanId, pageParam, signal),
    initialPageParam: '',
    getNextPageParam: ({ pagination }) => pagination.nextCursor,
    select: ({ pages }) => pages.toReversed().flatMap(({ items }) => items),
    enabled,
    refetchInterval: ({ state }) => looksForReader(state.data?.pages[0]?.items ?? [], userId),
  })
}

/** Shows what was sent before it is fetched. */
function take(queries: QueryClient, loanId: string, message: Message) {
  queries.setQueryData<InfiniteData<Page, string>>(messagesKey(loanId), (data) => {
    const [newest, ...older] = data?.pages ?? []
    if (!data || !newest || newest.items.some(({ id }) => id === message.id)) return data
    return { ...data, pages: [{ ...newest, items: [...newest.items, message] }, ...older] }
  })
}

/** A message on its way. Its key stays the same however often it is tried: it arrives once. */
export interface Outgoing {
  key: string
  text: string
  at: string
  failed: boolean
}

const outboxKey = (loanId: string) => ['outbox', loanId] as const
const draftKey = (loanId: string) => ['draft', loanId] as const
/** Whoever leaves the page and comes back finds what was not sent, as long as the tab is open. Nothing is fetched. */
const kept = { enabled: false, gcTime: Infinity }

export function useOutbox(loanId: string) {
  const queries = useQueryClient()
  const { data: waiting } = useQuery({
    queryKey: outboxKey(loanId),
    queryFn: () => [] as Outgoing[],
    initialData: [],
    ...kept,
  })
  const change = useCallback(
    (next: (waiting: Outgoing[]) => Outgoing[]) =>
      queries.setQueryData<Outgoing[]>(outboxKey(loanId), (waiting = []) => next(waiting)),
    [queries, loanId],
  )
  const add = useCallback(
    (text: string) =>
      change((waiting) => [...waiting, { key: randomKey(), text, at: new Date().toISOString(), failed: false }]),
    [change],
  )
  const remove = useCallback((key: string) => change((waiting) => waiting.filter((one) => one.key !== key)), [change])
  const mark = useCallback(
    (key: string, failed: boolean) =>
      change((waiting) => waiting.map((one) => (one.key === key ? { ...one, failed } : one))),
    [change],
  )
  const deliver = useCallback(
    async ({ key, text }: Outgoing) => {
      const params = { path: { id: loanId } }
      const headers = { 'Idempotency-Key': key }
      const message = await ask(api.POST('/api/v1/borrows/{id}/messages', { params, body: { text }, headers }))
      // Here and not in a component, which may be gone by now.
      take(queries, loanId, message)
      remove(key)
      return message
    },
    [loanId, queries, remove],
  )
  return { waiting, add, remove, mark, deliver }
}

/** What is typed is state of the page: the cache tells of a change too late for a field, which would lose letters. */
export function useDraft(loanId: string) {
  const queries = useQueryClient()
  const [draft, setDraft] = useState(() => queries.getQueryData<string>(draftKey(loanId)) ?? '')
  const change = useCallback(
    (text: string) => {
      setDraft(text)
      queries.setQueryDefaults(draftKey(loanId), { gcTime: Infinity })
      queries.setQueryData<string>(draftKey(loanId), text)
    },
    [queries, loanId],
  )
  return [draft, change] as const
}
