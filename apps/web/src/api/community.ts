import { queryOptions, type QueryClient } from '@tanstack/react-query'
import { learnZone } from '@/i18n/zone'
import { api, ask } from './client'
import { keys } from './keys'

/** How the community is set up; that changes with a restart of its host. */
export const community = queryOptions({
  queryKey: keys.community,
  queryFn: ({ signal }) => ask(api.GET('/api/v1/community', { signal })),
  staleTime: Infinity,
})

/** Beside the first page, which does not wait for it. */
export function learnCommunity(queryClient: QueryClient): void {
  queryClient.fetchQuery(community).then(
    ({ timeZone }) => learnZone(timeZone),
    // Dates are then as they were shown last time.
    () => undefined,
  )
}
