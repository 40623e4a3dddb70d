import { RotateCw } from 'lucide'
import { useTranslation } from 'react-i18next'
import { Button } from '@/ui/Button'
import { Icon } from '@/ui/Icon'
import { ApiProblem } from './problem'
import { useProblemText } from './useProblemText'

/** It could not be loaded: says why in plain words and offers to try again. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  return (
    <div
      role="alert"
      className="flex flex-col items-center gap-3 rounded-lg border border-line bg-card px-6 py-10 text-center"
    >
      <h2 className="text-heading">{t('problem.title')}</h2>
      <p className="max-w-prose text-soft">{problemText(error)}</p>
      {error instanceof ApiProblem && error.code === 'INTERNAL' && error.traceId && (
        <p className="text-sm text-soft">{t('problem.trace', { trace: error.traceId })}</p>
      )}
      {onRetry && (
        <Button variant="secondary" icon={<Icon of={RotateCw} className="size-4" />} onClick={() => onRetry()}>
          {t('problem.retry')}
        </Button>
      )}
    </div>
  )
}
