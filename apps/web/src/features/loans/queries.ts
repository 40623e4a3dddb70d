import { useInfiniteQuery, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useCallback } from 'react'
import { api, ask, askPage } from '@/api/client'
import { useNamed } from '@/api/former'
import { keys } from '@/api/keys'
import { useSession } from '@/api/useSession'
import { isOpen, needs, openStatuses, partOf, type Loan, type LoanStatus } from './loan'

/** A place in the queue moves, and a queue grows, without anybody being told: these are looked up again now and then. */
const QUEUE_MOVES = 15_000
const QUEUE_GROWS = 60_000

async function everyLoan(query: { status?: LoanStatus }, signal: AbortSignal): Promise<Loan[]> {
  const loans: Loan[] = []
  let cursor: string | null | undefined
  do {
    const page = await askPage(
      api.GET('/api/v1/borrows', { params: { query: { ...query, limit: 100, ...(cursor && { cursor }) } }, signal }),
    )
    loans.push(...page.items)
    cursor = page.pagination.nextCursor
  } while (cursor)
  return loans
}

/** One request as a rule; whoever has a long past is spared it. */
async function fetchOpenLoans(signal: AbortSignal): Promise<Loan[]> {
  const query = { limit: 100 }
  const { items, pagination } = await askPage(api.GET('/api/v1/borrows', { params: { query }, signal }))
  if (pagination.total <= items.length) return items.filter(isOpen)
  const loans = await Promise.all(openStatuses.map((status) => everyLoan({ status }, signal)))
  return loans.flat().toSorted((a, b) => b.requestedAt.localeCompare(a.requestedAt))
}

const openLoans = (userId: string | undefined) => ({
  queryKey: keys.borrows.list({ open: true }),
  queryFn: ({ signal }: { signal: AbortSignal }) => fetchOpenLoans(signal),
  enabled: userId !== undefined,
})

/** All that I have borrowed or lent, asked for or been asked for, and that is not over. Newest first. */
export function useOpenLoans() {
  const { user } = useSession()
  const named = useNamed()
  const select = useCallback((loans: Loan[]) => loans.map(named.loan), [named])
  return useQuery({ ...openLoans(user?.id), select, refetchInterval: QUEUE_GROWS })
}

/** How many loans wait for me. */
export function useLoansWaiting(): number {
  const { user } = useSession()
  const { data } = useQuery({
    ...openLoans(user?.id),
    select: (loans) => loans.filter((loan) => user && needs(loan, partOf(loan, user.id))).length,
  })
  return data ?? 0
}

/** What is over, newest request first. The host lists the open ones among them. */
export function usePastLoans() {
  const filters = { limit: 50 }
  const named = useNamed()
  return useInfiniteQuery({
    queryKey: keys.borrows.list(filters),
    queryFn: ({ pageParam: cursor, signal }) =>
      askPage(api.GET('/api/v1/borrows', { params: { query: { ...filters, ...(cursor && { cursor }) } }, signal })),
    initialPageParam: '',
    getNextPageParam: ({ pagination }) => pagination.nextCursor,
    select: ({ pages }) => pages.flatMap(({ items }) => items.filter((loan) => !isOpen(loan)).map(named.loan)),
  })
}

export function useLoan(id: string) {
  const queries = useQueryClient()
  const named = useNamed()
  return useQuery({
    queryKey: keys.borrows.one(id),
    queryFn: ({ signal }) => ask(api.GET('/api/v1/borrows/{id}', { params: { path: { id } }, signal })),
    placeholderData: seenBefore(queries, id),
    select: named.loan,
    refetchInterval: ({ state }) => (state.data?.status === 'queued' ? QUEUE_MOVES : false),
  })
}

function seenBefore(queries: QueryClient, id: string): Loan | undefined {
  return queries.getQueryData<Loan[]>(keys.borrows.list({ open: true }))?.find((loan) => loan.id === id)
}

export function useTimeline(id: string) {
  const named = useNamed()
  return useQuery({
    queryKey: keys.borrows.timeline(id),
    queryFn: ({ signal }) => ask(api.GET('/api/v1/borrows/{id}/timeline', { params: { path: { id } }, signal })),
    select: (happenings) => happenings.map(named.happening),
  })
}

/** When the book that somebody waits for is due. */
export function useBookDue({ book: { id } }: Loan) {
  return useQuery({
    queryKey: keys.books.availability(id),
    queryFn: ({ signal }) => ask(api.GET('/api/v1/books/{id}/availability', { params: { path: { id } }, signal })),
    select: ({ dueAt }) => dueAt,
    refetchInterval: QUEUE_MOVES,
  })
}

/** The book of a loan: whether it is lent or given is said there. News of the book do not ask for it again: once it is given or
    lost, nobody but its owner sees it. */
export function useBookOf(loan: Loan | undefined) {
  const id = loan?.book.id ?? ''
  return useQuery({
    queryKey: keys.bookOfLoan(id),
    queryFn: ({ signal }) => ask(api.GET('/api/v1/books/{id}', { params: { path: { id } }, signal })),
    enabled: loan !== undefined && isOpen(loan),
  })
}
