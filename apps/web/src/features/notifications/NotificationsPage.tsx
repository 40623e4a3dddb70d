import { useTranslation } from 'react-i18next'
import { PageHeader } from '@/ui/Layout'

export default function NotificationsPage() {
  const { t } = useTranslation('notifications')
  return <PageHeader title={t('notifications.title')} />
}
