import type { ReactNode } from 'react'
import { TriangleAlert } from 'lucide'
import { useTranslation } from 'react-i18next'
import { ErrorState } from '@/api/ErrorState'
import { useProblemText } from '@/api/useProblemText'
import { Loading, Notice } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'

interface Query<Data> {
  data: Data | undefined
  error: unknown
  refetch: () => unknown
}

/** What a query that refreshes itself tells, and that it is old when it could not be refreshed. */
export function Watched<Data>({
  query: { data, error, refetch },
  skeleton,
  children,
}: {
  query: Query<Data>
  skeleton: ReactNode
  children: (data: Data) => ReactNode
}) {
  const { t } = useTranslation('administration')
  const problemText = useProblemText()
  if (data === undefined)
    return error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Loading>{skeleton}</Loading>
  return (
    <>
      <div role="status">
        {Boolean(error) && (
          <div className="mb-4">
            <Notice tone="due" icon={<Icon of={TriangleAlert} className="size-5" />}>
              {t('stale', { problem: problemText(error) })}
            </Notice>
          </div>
        )}
      </div>
      {children(data)}
    </>
  )
}
