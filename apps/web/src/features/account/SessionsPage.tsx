import { useTranslation } from 'react-i18next'
import { PageHeader } from '@/ui/Layout'

export default function SessionsPage() {
  const { t } = useTranslation('account')
  return <PageHeader title={t('sessions.title')} />
}
