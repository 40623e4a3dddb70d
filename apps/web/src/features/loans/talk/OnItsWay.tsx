import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { keys } from '@/api/keys'
import { useCommand } from '@/api/useCommand'
import { useProblemText } from '@/api/useProblemText'
import { Button } from '@/ui/Button'
import { Bubble } from './Bubble'
import type { Outgoing, useOutbox } from './queries'

/** A message that the host has not taken yet: it is sent when it is its turn, and tried again when asked for. */
export function OnItsWay({
  outgoing,
  loanId,
  outbox: { deliver, mark, remove },
  isNext,
  onTakeBack,
}: {
  outgoing: Outgoing
  loanId: string
  outbox: ReturnType<typeof useOutbox>
  /** Those before it have arrived, or have failed. */
  isNext: boolean
  /** Gives the words back to be changed. */
  onTakeBack: (text: string) => void
}) {
  const { t } = useTranslation('loans')
  const problemText = useProblemText()
  const { key, text, failed } = outgoing
  const { run, pending, problem } = useCommand({
    send: (_: string, headers) => {
      // Its own key, which outlives this page; asking for the other one allows another attempt.
      void headers['Idempotency-Key']
      return deliver(outgoing)
    },
    refreshes: [keys.borrows.one(loanId)],
    onProblem: () => {
      mark(key, true)
      return true
    },
  })
  const start = isNext && !failed
  useEffect(() => {
    if (start) run(key)
  }, [start, run, key])
  return (
    <Bubble mine name={null} text={text} faint={!failed}>
      {failed ? (
        <div className="flex flex-col items-end gap-1">
          <p role="alert" className="text-end text-late">
            {t('talk.failed')} {problem ? problemText(problem) : null}
          </p>
          <div className="flex gap-2">
            <Button size="small" variant="secondary" pending={pending} onClick={() => mark(key, false)}>
              {t('talk.again')}
            </Button>
            <Button
              size="small"
              variant="quiet"
              onClick={() => {
                remove(key)
                onTakeBack(text)
              }}
            >
              {t('talk.takeBack')}
            </Button>
          </div>
        </div>
      ) : (
        <span>{t('talk.sending')}</span>
      )}
    </Bubble>
  )
}
