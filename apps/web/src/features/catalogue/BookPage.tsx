import { useTranslation } from 'react-i18next'
import { PageHeader } from '@/ui/Layout'

export default function BookPage() {
  const { t } = useTranslation('catalogue')
  return <PageHeader title={t('book.title')} />
}
