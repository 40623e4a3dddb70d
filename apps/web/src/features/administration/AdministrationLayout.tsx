import { useTranslation } from 'react-i18next'
import { Outlet, useLocation } from 'react-router'
import { SectionTabs } from '@/ui/Layout'

/** What the software does within: who looks after members seldom needs it. */
const SYSTEM = [
  '/admin/events',
  '/admin/subscriptions',
  '/admin/dead-letters',
  '/admin/projections',
  '/admin/jobs',
] as const

export default function AdministrationLayout() {
  const { t } = useTranslation('administration')
  const { pathname } = useLocation()
  return (
    <>
      <SectionTabs
        label={t('tabs')}
        tabs={[
          { to: '/admin/members', label: t('members.title') },
          { to: '/moderation', label: t('disputes') },
          { to: '/moderation/reports', label: t('reports') },
          { to: '/admin/months', label: t('months.title') },
          { to: '/admin/mails', label: t('mails.title') },
          { to: SYSTEM[0], label: t('system'), above: SYSTEM },
        ]}
      />
      {SYSTEM.some((page) => page === pathname) && (
        <SectionTabs
          label={t('system')}
          tabs={[
            { to: '/admin/events', label: t('events.title') },
            { to: '/admin/subscriptions', label: t('subscriptions.title') },
            { to: '/admin/dead-letters', label: t('deadLetters.title') },
            { to: '/admin/projections', label: t('projections.title') },
            { to: '/admin/jobs', label: t('jobs.title') },
          ]}
        />
      )}
      <Outlet />
    </>
  )
}
