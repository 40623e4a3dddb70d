import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { Navigate, useParams } from 'react-router'
import { SectionTabs } from '@/ui/Layout'
import { PageSkeleton } from '@/ui/PageSkeleton'

const pages = {
  profile: lazy(() => import('./ProfilePage')),
  notifications: lazy(() => import('./NotificationsPage')),
  password: lazy(() => import('./PasswordPage')),
  sessions: lazy(() => import('./SessionsPage')),
  'api-keys': lazy(() => import('./ApiKeysPage')),
  calendar: lazy(() => import('./CalendarPage')),
  blocks: lazy(() => import('./BlocksPage')),
  reports: lazy(() => import('./ReportsPage')),
  delete: lazy(() => import('./DeleteAccountPage')),
}

const isPage = (path: string): path is keyof typeof pages => Object.hasOwn(pages, path)

/** One's account. It finds its pages itself, so that the first load knows of one alone. */
export default function AccountLayout() {
  const { t } = useTranslation('account')
  const { '*': path = '' } = useParams()
  if (!isPage(path)) return <Navigate to="/account/profile" replace />
  const Page = pages[path]
  return (
    <>
      <SectionTabs
        label={t('tabs')}
        tabs={[
          { to: '/account/profile', label: t('profile.title') },
          { to: '/account/notifications', label: t('letters.tab') },
          { to: '/account/password', label: t('changePassword.title') },
          { to: '/account/sessions', label: t('sessions.title') },
          { to: '/account/api-keys', label: t('apiKeys.title') },
          { to: '/account/calendar', label: t('calendar.title') },
          { to: '/account/blocks', label: t('blocks.title') },
          { to: '/account/reports', label: t('reports.title') },
          { to: '/account/delete', label: t('delete.tab') },
        ]}
      />
      <Suspense fallback={<PageSkeleton />}>
        <Page />
      </Suspense>
    </>
  )
}
