import { Compass } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { LinkButton } from '@/ui/Button'
import { EmptyState } from '@/ui/Feedback'
import { PageHeader } from '@/ui/Layout'

export function NotFoundPage() {
  const { t } = useTranslation()
  return (
    <>
      <PageHeader title={t('notFound.title')} />
      <EmptyState
        icon={<Compass aria-hidden className="size-6" />}
        title={t('notFound.heading')}
        action={<LinkButton to="/">{t('notFound.action')}</LinkButton>}
      >
        {t('notFound.text')}
      </EmptyState>
    </>
  )
}
