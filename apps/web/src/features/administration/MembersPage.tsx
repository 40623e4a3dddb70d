import { useTranslation } from 'react-i18next'
import { PageHeader } from '@/ui/Layout'

export default function MembersPage() {
  const { t } = useTranslation('administration')
  return <PageHeader title={t('members.title')} />
}
