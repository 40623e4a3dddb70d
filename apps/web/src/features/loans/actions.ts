import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, ask } from '@/api/client'
import { keys } from '@/api/keys'
import { isConflict } from '@/api/problem'
import type { components } from '@/api/schema'
import { useCommand } from '@/api/useCommand'
import type { Action, Loan } from './loan'

type Schemas = components['schemas']

/** What each step of a loan is sent, by the last part of its path. */
interface Bodies {
  approve: Schemas['ApproveBody']
  reject: Schemas['ReasonBody']
  cancel: Schemas['ReasonBody']
  'hand-over': Schemas['HandOverBody']
  'request-extension': Schemas['ExtensionBody']
  'answer-extension': Schemas['AnswerBody']
  'declare-return': Schemas['NothingBody']
  return: Schemas['ReturnBody']
  'not-received': Schemas['NothingBody']
  'report-lost': Schemas['NoteBody']
  resolve: Schemas['ResolveBody']
}

const steps = {
  approve: 'approve',
  reject: 'reject',
  cancel: 'cancel',
  handOver: 'hand-over',
  enterCode: 'hand-over',
  requestExtension: 'request-extension',
  grantExtension: 'answer-extension',
  refuseExtension: 'answer-extension',
  declareReturn: 'declare-return',
  confirmReturn: 'return',
  notReceived: 'not-received',
  reportLost: 'report-lost',
  resolve: 'resolve',
} as const satisfies Record<Action, keyof Bodies>

/** Takes a loan a step further. `moved` is called when it is done, or when the loan has moved on meanwhile. */
export function useLoanAction<Name extends Action>(
  loan: Loan,
  action: Name,
  { moved, onProblem }: { moved: () => void; onProblem?: (problem: unknown) => boolean },
) {
  const { t } = useTranslation('loans')
  const queries = useQueryClient()
  return useCommand({
    async send(body: Bodies[(typeof steps)[Name]], headers) {
      // A path and its body belong together, which the compiler cannot see through a type parameter.
      const path = `/api/v1/borrows/{id}/${steps[action]}` as '/api/v1/borrows/{id}/approve'
      const params = { path: { id: loan.id } }
      const now = (await ask(api.POST(path, { params, body: body as Bodies['approve'], headers }))) as Loan
      // At once: what is fetched anew may take the card away that the dialog belongs to, and the focus with it.
      moved()
      return now
    },
    refreshes: [keys.borrows.all, keys.books.all],
    said: (now) => (grantedAtOnce(action, now) ? t('done.extended') : t(`done.${action as Action}`)),
    onDone: (now) => queries.setQueryData(keys.borrows.one(loan.id), now),
    onProblem(problem) {
      if (!isConflict(problem)) return onProblem?.(problem) ?? false
      moved()
      return false
    },
  })
}

/** Where the community allows it and nobody waits, the owner need not be asked. */
function grantedAtOnce(action: Action, loan: Loan): boolean {
  return action === 'requestExtension' && !loan.extensionRequested
}
