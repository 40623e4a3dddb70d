import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { api, ask, askPage } from '@/api/client'
import { useNamed } from '@/api/former'
import { keys } from '@/api/keys'
import type { components } from '@/api/schema'
import { reportKeys, type Report } from '@/features/people'

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

export const reportLists = ['open', 'closed'] as const
export type ReportList = (typeof reportLists)[number]

/** A new report is told; that another moderator has answered one is not. */
const REPORTS_GO = 30_000

export function useReports(state: ReportList) {
  return useInfiniteQuery({
    queryKey: reportKeys.list(state),
    queryFn: ({ pageParam: cursor, signal }) =>
      askPage(api.GET('/api/v1/reports', { params: { query: { state, ...(cursor && { cursor }) } }, signal })),
    initialPageParam: '',
    getNextPageParam: ({ pagination }) => pagination.nextCursor,
    refetchInterval: REPORTS_GO,
  })
}

export function useReport(id: string) {
  return useQuery({
    queryKey: reportKeys.one(id),
    queryFn: ({ signal }) => ask(api.GET('/api/v1/reports/{id}', { params: { path: { id } }, signal })),
    refetchInterval: REPORTS_GO,
  })
}

/** With words for who has left. */
export function named({ about, reporter, answeredBy, ...rest }: Report, former: string) {
  const member = <M extends Report['about']>(one: M): M => (one.left ? { ...one, name: former } : one)
  return {
    ...rest,
    about: member(about),
    reporter: reporter && member(reporter),
    answeredBy: answeredBy && member(answeredBy),
  }
}

export type NamedReport = ReturnType<typeof named>
