import { useTranslation } from 'react-i18next'
import { PageHeader } from '@/ui/Layout'

export default function DeleteAccountPage() {
  const { t } = useTranslation('account')
  return <PageHeader title={t('delete.title')} />
}
