import { useTranslation } from 'react-i18next'
import { PageHeader } from '@/ui/Layout'

export default function EditBookPage() {
  const { t } = useTranslation('shelf')
  return <PageHeader title={t('edit.title')} />
}
