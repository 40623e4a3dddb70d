import { useTranslation } from 'react-i18next'
import { PageHeader } from '@/ui/Layout'

export default function ProjectionsPage() {
  const { t } = useTranslation('administration')
  return <PageHeader title={t('projections.title')} />
}
