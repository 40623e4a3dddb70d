import { lazy, Suspense, useEffect, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { Outlet, ScrollRestoration } from 'react-router'
import { i18n } from '@/i18n/i18n'
import { useSession } from '@/api/useSession'
import { loadLogInAgain } from '@/features/account'
import { fetchAhead } from '@/ui/fetch-ahead'
import { unsaid } from '@/ui/toast'
import { BottomNavigation } from './for-members'
import { shellLook } from './look'
import { OfflineBar } from './OfflineBar'
import { TopBar } from './TopBar'
import { useFocusOnNavigation } from './useFocusOnNavigation'
import { useLiveUpdates } from './useLiveUpdates'
import { useUpdateNotice } from './useUpdateNotice'

const loadToaster = () => import('@/ui/Toaster')
const Toaster = lazy(loadToaster)
const LogInAgain = lazy(async () => {
  const words = i18n.loadNamespaces(['account', 'refusals'])
  const [module] = await Promise.all([loadLogInAgain(), words])
  return module
})

/** What surrounds every page. */
export function Shell() {
  const { t } = useTranslation()
  const { status, user } = useSession()
  const main = useFocusOnNavigation()
  const saySomething = useHasSpoken()
  useLiveUpdates(status === 'member' ? user?.id : undefined)
  useUpdateNotice()
  // It tells members that they are offline.
  useEffect(() => (status === 'member' ? fetchAhead(loadToaster) : undefined), [status])
  return (
    <div className={shellLook.page}>
      <a href="#main" className={shellLook.skip}>
        {t('skipToContent')}
      </a>
      <TopBar />
      <OfflineBar />
      <main ref={main} id="main" tabIndex={-1} className={shellLook.main}>
        <Outlet />
      </main>
      <Suspense>{user && <BottomNavigation />}</Suspense>
      <Suspense>
        {saySomething && <Toaster />}
        {status === 'expired' && user && <LogInAgain user={user} />}
      </Suspense>
      <ScrollRestoration />
    </div>
  )
}

/** The toaster is fetched with the first thing it has to say at the latest, and stays. */
let spoken = false
function useHasSpoken(): boolean {
  return useSyncExternalStore(unsaid.subscribe, () => (spoken ||= unsaid.get().length > 0))
}
