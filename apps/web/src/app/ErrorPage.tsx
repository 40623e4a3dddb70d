import { useTranslation } from 'react-i18next'
import { useRouteError } from 'react-router'
import { ErrorState } from '@/api/ErrorState'
import { PageTitle } from '@/ui/PageTitle'

/** Something broke that no page expected. What was loaded may be at fault, so trying again loads everything anew. */
export function ErrorPage() {
  const { t } = useTranslation()
  const error = useRouteError()
  return (
    <div className="mx-auto max-w-2xl p-4">
      <PageTitle>{t('problem.title')}</PageTitle>
      <ErrorState error={error} onRetry={() => location.reload()} />
    </div>
  )
}
