import { queryOptions, type QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { learnZone } from '@/i18n/zone'
import { api, ask } from './client'
import { COMMUNITY_NAME } from './kept'
import { keys } from './keys'
import { createStore } from '@/store'

/** How the community is set up; that changes with a restart of its host. */
export const community = queryOptions({
  queryKey: keys.community,
  queryFn: ({ signal }) => ask(api.GET('/api/v1/community', { signal })),
  staleTime: Infinity,
})

/** Remembered, so that no heading changes under a reader's eyes. */
const communityName = createStore<string | undefined>(localStorage.getItem(COMMUNITY_NAME) ?? undefined)

function learnName(name: string | undefined): void {
  if (name) localStorage.setItem(COMMUNITY_NAME, name)
  else localStorage.removeItem(COMMUNITY_NAME)
  communityName.set(name)
}

/** As its members call it. `undefined`: it has no name, or nobody knows it yet. */
export function useCommunityName(): string | undefined {
  return useSyncExternalStore(communityName.subscribe, communityName.get)
}

/** Beside the first page. Resolves in any case. */
export async function learnCommunity(queryClient: QueryClient): Promise<void> {
  await queryClient.fetchQuery(community).then(
    ({ name, timeZone }) => {
      learnZone(timeZone)
      learnName(name?.trim() || undefined)
    },
    // Dates and the name are then as they were shown last time.
    () => undefined,
  )
}
