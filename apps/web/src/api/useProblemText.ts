import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { duration } from '@/i18n/duration'
import { ApiProblem, NetworkProblem, NoAnswer, Offline } from './problem'

/** From a failure to plain words in the reader's language. */
export function useProblemText(): (error: unknown) => string {
  const { t, i18n } = useTranslation('errors')
  return useCallback(
    (error) => {
      if (error instanceof Offline) return t('OFFLINE')
      if (error instanceof NoAnswer) return t('NO_ANSWER')
      if (error instanceof NetworkProblem) return t('NETWORK')
      if (!(error instanceof ApiProblem)) return t('INTERNAL')
      if (error.code === 'RATE_LIMITED')
        return t('RATE_LIMITED', { wait: duration(error.retryAfter ?? 60, i18n.language) })
      const known = i18n.exists(error.code, { ns: 'errors' })
      return known ? t(error.code as 'INTERNAL') : t(error.status === 409 ? 'CONFLICT' : 'INTERNAL')
    },
    [t, i18n],
  )
}
