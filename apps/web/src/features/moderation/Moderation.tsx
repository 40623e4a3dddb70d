import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { Navigate, useLocation, useParams } from 'react-router'
import { useSession } from '@/api/useSession'
import { SectionTabs } from '@/ui/Layout'
import { PageSkeleton } from '@/ui/PageSkeleton'
import DisputesPage from './DisputesPage'

const ReportsPage = lazy(() => import('./ReportsPage'))
const ReportPage = lazy(() => import('./ReportPage'))

/** What moderators look after. It finds its pages itself, so that the first load knows of one alone. */
export default function Moderation() {
  const { t } = useTranslation('moderation')
  const { can } = useSession()
  const { pathname } = useLocation()
  const { '*': path = '' } = useParams()
  const isAdmin = can('admin')
  return (
    <div className="mx-auto max-w-4xl">
      <SectionTabs
        label={t('tabs')}
        tabs={[
          ...(isAdmin ? [{ to: '/admin/members', label: t('members') }] : []),
          { to: '/moderation', label: t('disputes.title') },
          { to: '/moderation/reports', label: t('reports.title'), above: [pathname].filter(isReport) },
          ...(isAdmin
            ? [
                { to: '/admin/months', label: t('months') },
                { to: '/admin/mails', label: t('mails') },
                { to: '/admin/events', label: t('system') },
              ]
            : []),
        ]}
      />
      <Suspense fallback={<PageSkeleton />}>
        <Page path={path} />
      </Suspense>
    </div>
  )
}

function Page({ path }: { path: string }) {
  const [section, id, ...more] = path.split('/')
  if (section === '') return <DisputesPage />
  if (section !== 'reports' || more.length > 0) return <Navigate to="/moderation" replace />
  return id ? <ReportPage key={id} id={id} /> : <ReportsPage />
}

const isReport = (pathname: string) => pathname.startsWith('/moderation/reports/')
