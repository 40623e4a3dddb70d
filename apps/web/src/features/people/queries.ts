import { useQuery } from '@tanstack/react-query'
import { api, ask } from '@/api/client'
import { keys } from '@/api/keys'
import type { components } from '@/api/schema'

type MemberView = components['schemas']['MemberView']

/** A member as others see them. A host of the last release tells less. */
export type Person = MemberView & {
  location?: string | null
  bio?: string | null
  counts: MemberView['counts'] & { cameBack?: number; out?: number; given?: number }
}

export function usePerson(id: string) {
  return useQuery({
    queryKey: keys.members.one(id),
    queryFn: ({ signal }): Promise<Person> => ask(api.GET('/api/v1/users/{id}', { params: { path: { id } }, signal })),
  })
}
