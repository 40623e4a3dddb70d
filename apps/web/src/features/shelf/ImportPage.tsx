import { useTranslation } from 'react-i18next'
import { PageHeader } from '@/ui/Layout'

export default function ImportPage() {
  const { t } = useTranslation('shelf')
  return <PageHeader title={t('import.title')} />
}
