import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { api, ask, askPage } from '@/api/client'
import { keys } from '@/api/keys'
import type { components, operations } from '@/api/schema'

type Schemas = components['schemas']
export type Member = Schemas['ProfileView']
export type LoggedEvent = Schemas['EventView']
export type Subscription = Schemas['SubscriptionView']
export type DeadLetter = Schemas['DeadLetterView']
export type DeadLetterGroup = Schemas['DeadLetterGroupView']
export type Mail = Schemas['MailView']
export type Delivery = Schemas['DeliveryView']
export type Projection = Schemas['ProjectionView']
export type Job = Schemas['JobView']
export type JobRun = Schemas['RunView']
export type Month = Schemas['MonthView']

/** What is watched while it moves. It rests while nobody looks at the page. */
const EVERY_5_SECONDS = 5000
const EVERY_SECOND = 1000

type Numbered = { pagination: Schemas['Pagination'] }
const nextPage = ({ pagination: { page, totalPages } }: Numbered) => (page < totalPages ? page + 1 : undefined)

export interface MemberFilters {
  q?: string
  role?: string
  active?: boolean
}

export function useMembers(filters: MemberFilters) {
  return useInfiniteQuery({
    queryKey: keys.members.list(filters),
    queryFn: ({ pageParam, signal }) =>
      askPage(api.GET('/api/v1/users', { params: { query: { ...filters, page: pageParam } }, signal })),
    initialPageParam: 1,
    getNextPageParam: nextPage,
    placeholderData: keepPreviousData,
  })
}

/** As many as one page holds: names for a log, without asking for each. */
const NAMES = 100

export function useMemberNames() {
  return useQuery({
    queryKey: keys.members.list({ names: NAMES }),
    queryFn: ({ signal }) =>
      askPage(api.GET('/api/v1/users', { params: { query: { limit: NAMES, fields: 'id,name' } }, signal })),
    select: ({ items }) => new Map(items.map(({ id, name }) => [id, name])),
    staleTime: 5 * 60_000,
  })
}

/** Somebody's name, by what everybody may know of them. */
export function useMemberName(id: string | undefined) {
  return useQuery({
    queryKey: keys.members.one(id ?? ''),
    queryFn: ({ signal }) => ask(api.GET('/api/v1/users/{id}', { params: { path: { id: id ?? '' } }, signal })),
    enabled: id !== undefined,
    select: (member) => member.name,
  })
}

export type EventFilters = NonNullable<operations['list_events']['parameters']['query']>

export function useEvents(filters: EventFilters) {
  return useInfiniteQuery({
    queryKey: keys.administration.events(filters),
    queryFn: ({ pageParam, signal }) =>
      askPage(
        api.GET('/api/v1/admin/events', {
          params: { query: { ...filters, limit: 50, ...(pageParam && { cursor: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: ({ pagination }) => pagination.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
  })
}

/** The event that a dead letter is about: among those of its type and aggregate. */
export function useEventOf(letter: DeadLetter | undefined) {
  const filters = letter && { type: letter.event, aggregate: `${letter.aggregateType}:${letter.aggregateId}` }
  return useQuery({
    queryKey: keys.administration.events({ ...filters, id: letter?.eventId }),
    queryFn: async ({ signal }) => {
      const query = { ...filters, limit: 100 }
      const { items } = await askPage(api.GET('/api/v1/admin/events', { params: { query }, signal }))
      return items.find(({ id }) => id === letter?.eventId) ?? null
    },
    enabled: letter !== undefined,
  })
}

export function useSubscriptions() {
  return useQuery({
    queryKey: keys.administration.subscriptions,
    queryFn: ({ signal }) => ask(api.GET('/api/v1/admin/subscriptions', { signal })),
    refetchInterval: EVERY_5_SECONDS,
  })
}

export function useDeadLetters() {
  return useInfiniteQuery({
    queryKey: keys.administration.deadLetters({}),
    queryFn: ({ pageParam, signal }) =>
      askPage(api.GET('/api/v1/admin/dead-letters', { params: { query: { page: pageParam } }, signal })),
    initialPageParam: 1,
    getNextPageParam: nextPage,
    refetchInterval: EVERY_5_SECONDS,
  })
}

/** By reason, those with the most letters first. */
export function useDeadLetterGroups() {
  return useQuery({
    queryKey: keys.administration.deadLetters({ groups: true }),
    queryFn: ({ signal }) => ask(api.GET('/api/v1/admin/dead-letter-groups', { signal })),
    refetchInterval: EVERY_5_SECONDS,
  })
}

export function useMails() {
  return useInfiniteQuery({
    queryKey: keys.administration.mails,
    queryFn: ({ pageParam, signal }) =>
      askPage(api.GET('/api/v1/admin/mails', { params: { query: { page: pageParam } }, signal })),
    initialPageParam: 1,
    getNextPageParam: nextPage,
    refetchInterval: EVERY_5_SECONDS,
  })
}

/** Mails about notifications that were given up. */
export function useFailedDeliveries() {
  return useInfiniteQuery({
    queryKey: keys.administration.deliveries,
    queryFn: ({ pageParam, signal }) =>
      askPage(api.GET('/api/v1/admin/deliveries', { params: { query: { state: 'failed', page: pageParam } }, signal })),
    initialPageParam: 1,
    getNextPageParam: nextPage,
    refetchInterval: EVERY_5_SECONDS,
  })
}

/** After as long as this a rebuild that was asked for has begun, or is over already. */
export const SETTLED = 1000

/** `asked`: when a rebuild was last asked for. */
export function useProjections(asked: number) {
  return useQuery({
    queryKey: keys.administration.projections,
    queryFn: ({ signal }) => ask(api.GET('/api/v1/admin/projections', { signal })),
    refetchInterval: ({ state }) => {
      const watching = state.dataUpdatedAt < asked + SETTLED || state.data?.some(({ rebuilding }) => rebuilding)
      return watching ? EVERY_SECOND : EVERY_5_SECONDS
    },
  })
}

/** A job that was asked for has begun after as long as this, or is over already. */
const BEGUN = 5000
export const jobKeys = [...keys.administration.all, 'jobs'] as const

/** `asked`: when a run, or its end, was last asked for. */
export function useJobs(asked: number) {
  return useQuery({
    queryKey: jobKeys,
    queryFn: ({ signal }) => ask(api.GET('/api/v1/admin/jobs', { signal })),
    refetchInterval: ({ state }) => {
      const moves = state.dataUpdatedAt < asked + BEGUN || state.data?.some((job) => job.current ?? job.askedAt)
      return moves ? EVERY_SECOND : EVERY_5_SECONDS
    },
  })
}

/** The figures of each month, newest first. */
export function useMonths() {
  return useQuery({
    queryKey: [...keys.administration.all, 'months'],
    queryFn: ({ signal }) => ask(api.GET('/api/v1/admin/months', { signal })),
  })
}
