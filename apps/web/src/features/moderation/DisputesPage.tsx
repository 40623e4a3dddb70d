import { useTranslation } from 'react-i18next'
import { PageHeader } from '@/ui/Layout'

export default function DisputesPage() {
  const { t } = useTranslation('moderation')
  return <PageHeader title={t('disputes.title')} />
}
