import { useTranslation } from 'react-i18next'
import { Outlet } from 'react-router'
import { SectionTabs } from '@/ui/Layout'

export default function AccountLayout() {
  const { t } = useTranslation('account')
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
          { to: '/account/delete', label: t('delete.tab') },
        ]}
      />
      <Outlet />
    </>
  )
}
