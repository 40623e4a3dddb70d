import { useQuery } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { api, ask } from './client'
import { keys } from './keys'
import { session, type SessionUser } from './session'

/** What a role may permit, as the host names it. */
export type Permission =
  | 'write:book'
  | 'moderate:book'
  | 'write:borrow'
  | 'moderate:borrow'
  | 'read:user'
  | 'write:user'
  | 'delete:user'
  | 'admin'

export function useSessionState() {
  return useSyncExternalStore(session.subscribe, session.state)
}

/** What each role permits; it changes with releases only. */
export function useRoles() {
  const { status } = useSessionState()
  return useQuery({
    queryKey: keys.roles,
    queryFn: ({ signal }) => ask(api.GET('/api/v1/roles', { signal })),
    enabled: status === 'member',
    staleTime: Number.POSITIVE_INFINITY,
  })
}

/** Who is logged in, and what they may do. */
export function useSession() {
  const state = useSessionState()
  const roles = useRoles()
  const user: SessionUser | undefined = 'user' in state ? state.user : undefined
  const permissions = roles.data?.find((role) => role.name === user?.role)?.permissions
  return {
    status: state.status,
    user,
    /** It is not known yet what the user may do. */
    permissionsPending: user !== undefined && roles.isPending,
    can: (permission: Permission) => permissions?.includes(permission) ?? false,
  }
}

/** The id of who is logged in: for pages behind `RequireSession`, where there is always one. */
export function useUserId(): string {
  const { user } = useSession()
  if (!user) throw new Error('this page needs a session: put its route below RequireSession')
  return user.id
}
