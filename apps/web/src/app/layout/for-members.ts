import { lazy } from 'react'

const load = () => import('./member-parts')

/** What of the shell only members see: visitors need not wait for it. */
export const WideNavigation = lazy(async () => ({ default: (await load()).WideNavigation }))
export const BottomNavigation = lazy(async () => ({ default: (await load()).BottomNavigation }))
export const Bell = lazy(async () => ({ default: (await load()).NotificationBell }))

/** Ahead of knowing who it is. */
export function fetchPartsForMembers(): void {
  load().catch(() => {})
}
