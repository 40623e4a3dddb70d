import { useTranslation } from 'react-i18next'
import { Outlet } from 'react-router'
import { SectionTabs } from '@/ui/Layout'

export default function AdministrationLayout() {
  const { t } = useTranslation('administration')
  return (
    <>
      <SectionTabs
        label={t('tabs')}
        tabs={[
          { to: '/admin/members', label: t('members.title') },
          { to: '/admin/events', label: t('events.title') },
          { to: '/admin/subscriptions', label: t('subscriptions.title') },
          { to: '/admin/dead-letters', label: t('deadLetters.title') },
          { to: '/admin/mails', label: t('mails.title') },
          { to: '/admin/projections', label: t('projections.title') },
        ]}
      />
      <Outlet />
    </>
  )
}
