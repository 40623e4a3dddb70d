import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, ask, askPage } from '@/api/client'
import { keys } from '@/api/keys'
import type { components } from '@/api/schema'
import { useCommand } from '@/api/useCommand'

export type Report = components['schemas']['ReportView']
export type Reason = components['schemas']['ReportReasonBody']

export const reasons = ['insults', 'threats', 'fraud', 'spam', 'unreliable', 'other'] as const satisfies Reason[]

/** Below those of notifications: whatever is told of a report makes all of them stale. */
export const reportKeys = {
  all: [...keys.notifications.all, 'reports'] as const,
  mine: [...keys.notifications.all, 'reports', 'mine'] as const,
  list: (state: string) => [...keys.notifications.all, 'reports', 'list', state] as const,
  one: (id: string) => [...keys.notifications.all, 'reports', 'one', id] as const,
}

export function useReport(
  { id, name }: { id: string; name: string },
  loanId: string | undefined,
  { onDone, onProblem }: { onDone: () => void; onProblem: (problem: unknown) => boolean },
) {
  const { t } = useTranslation('people')
  return useCommand({
    send: ({ reason, text }: { reason: Reason; text: string }, headers) => {
      const about = { userId: id, ...(loanId && { borrowId: loanId }) }
      return ask(api.POST('/api/v1/reports', { body: { about, reason, text }, headers }))
    },
    refreshes: [reportKeys.all, keys.borrows.all],
    said: t('report.done', { name }),
    onDone,
    onProblem,
  })
}

/** What I have reported, the newest first. */
export function useOwnReports() {
  return useInfiniteQuery({
    queryKey: reportKeys.mine,
    queryFn: ({ pageParam: cursor, signal }) =>
      askPage(api.GET('/api/v1/profile/reports', { params: { query: { ...(cursor && { cursor }) } }, signal })),
    initialPageParam: '',
    getNextPageParam: ({ pagination }) => pagination.nextCursor,
  })
}
