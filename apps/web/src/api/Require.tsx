import type { ReactNode } from 'react'
import { Navigate, Outlet, useLocation } from 'react-router'
import { PageSkeleton } from '@/ui/PageSkeleton'
import { useSession, type Permission } from './useSession'

/** The address of the page to log in at that leads back to `path`. */
export function loginPath(path: string): string {
  return path === '/' ? '/login' : `/login?${new URLSearchParams({ next: path })}`
}

/** Where to go after logging in; never away from this app. */
export function pathAfterLogin(search: URLSearchParams): string {
  const next = search.get('next') ?? '/'
  const { origin, pathname, search: query, hash } = new URL(next, location.origin)
  return origin === location.origin && next.startsWith('/') ? pathname + query + hash : '/'
}

/** Pages that need somebody logged in. When a session ends at work the page stays, with what was typed. */
export function RequireSession({ children = <Outlet /> }: { children?: ReactNode }) {
  const { status } = useSession()
  const { pathname, search } = useLocation()
  if (status === 'unknown') return <PageSkeleton />
  if (status === 'visitor') return <Navigate to={loginPath(pathname + search)} replace />
  return children
}

/** Pages that need a permission. Others are told what they would be told of a page that does not exist. */
export function RequirePermission({
  permission,
  otherwise,
  children = <Outlet />,
}: {
  permission: Permission
  otherwise: ReactNode
  children?: ReactNode
}) {
  const { can, permissionsPending } = useSession()
  if (permissionsPending) return <PageSkeleton />
  return can(permission) ? children : otherwise
}
