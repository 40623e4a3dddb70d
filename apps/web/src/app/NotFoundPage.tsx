import { Compass } from 'lucide'
import { useTranslation } from 'react-i18next'
import { LinkButton } from '@/ui/Button'
import { EmptyState } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { PageHeader } from '@/ui/Layout'

export function NotFoundPage() {
  const { t } = useTranslation()
  return (
    <>
      <PageHeader title={t('notFound.title')} />
      <EmptyState
        icon={<Icon of={Compass} className="size-6" />}
        title={t('notFound.heading')}
        action={<LinkButton to="/">{t('notFound.action')}</LinkButton>}
      >
        {t('notFound.text')}
      </EmptyState>
    </>
  )
}
