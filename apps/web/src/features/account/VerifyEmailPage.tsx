import { useTranslation } from 'react-i18next'
import { PageHeader } from '@/ui/Layout'

export default function VerifyEmailPage() {
  const { t } = useTranslation('account')
  return <PageHeader title={t('verify.title')} />
}
