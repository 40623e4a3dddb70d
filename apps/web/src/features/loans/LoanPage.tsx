import { useTranslation } from 'react-i18next'
import { PageHeader } from '@/ui/Layout'

export default function LoanPage() {
  const { t } = useTranslation('loans')
  return <PageHeader title={t('loan.title')} />
}
