import { useQuery } from '@tanstack/react-query'
import { api, ask } from '@/api/client'
import { keys } from '@/api/keys'
import type { components } from '@/api/schema'

/** A member as others see them. */
export type Person = components['schemas']['MemberView']

export function usePerson(id: string) {
  return useQuery({
    queryKey: keys.members.one(id),
    queryFn: ({ signal }) => ask(api.GET('/api/v1/users/{id}', { params: { path: { id } }, signal })),
  })
}
