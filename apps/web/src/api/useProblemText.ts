import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { duration } from '@/i18n/duration'
import { ApiProblem, NetworkProblem, NoAnswer, Offline } from './problem'

/**
 * From a failure to plain words in the reader's language. The first load holds the words for failures of any request;
 * the words for refused commands come with what sends commands.
 */
export function useProblemText(): (error: unknown) => string {
  // No suspense: what is on the screen stays while the words are fetched.
  const { t, i18n } = useTranslation(['errors', 'refusals'], { useSuspense: false })
  return useCallback(
    (error) => {
      if (error instanceof Offline) return t('OFFLINE')
      if (error instanceof NoAnswer) return t('NO_ANSWER')
      if (error instanceof NetworkProblem) return t('NETWORK')
      if (!(error instanceof ApiProblem)) return t('INTERNAL')
      const { code, status } = error
      if (code === 'RATE_LIMITED') return t('RATE_LIMITED', { wait: duration(error.retryAfter ?? 60, i18n.language) })
      if (i18n.exists(code, { ns: 'errors' })) return t(code as 'INTERNAL')
      if (i18n.exists(code, { ns: 'refusals' })) return t(code as 'OWN_BOOK', { ns: 'refusals' })
      return t(status === 409 ? 'CONFLICT' : 'INTERNAL')
    },
    [t, i18n],
  )
}
