import { useTranslation } from 'react-i18next'
import { api, ask } from '@/api/client'
import { keys } from '@/api/keys'
import { ApiProblem, isConflict } from '@/api/problem'
import type { components } from '@/api/schema'
import { useCommand } from '@/api/useCommand'
import { reportKeys } from '@/features/people'
import { toast } from '@/ui/toast'

type Answer = components['schemas']['ReportAnswerBody']

export function useAnswerReport(
  id: string,
  { onDone, onProblem }: { onDone: () => void; onProblem: (problem: unknown) => boolean },
) {
  const { t } = useTranslation('moderation')
  return useCommand({
    send: (body: Answer, headers) =>
      ask(api.POST('/api/v1/reports/{id}/answer', { params: { path: { id } }, body, headers })),
    refreshes: [reportKeys.all, keys.borrows.all, keys.members.all],
    said: (_, { outcome }) => t(`report.done.${outcome}`),
    onDone,
    onProblem(problem) {
      if (!isConflict(problem)) return onProblem(problem)
      onDone()
      const name = problem instanceof ApiProblem && problem.detail('answeredBy')
      if (!name) return false
      toast({ tone: 'problem', text: t('report.faster', { name }) })
      return true
    },
  })
}
