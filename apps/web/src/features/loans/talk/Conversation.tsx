import { Flag } from 'lucide'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'react-router'
import { ErrorState } from '@/api/ErrorState'
import { Reporting } from '@/features/people'
import { Button } from '@/ui/Button'
import { Loading, Skeleton } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { worthTelling } from '../happening'
import { isOpen, otherOf, type Loan, type Part } from '../loan'
import { useTimeline } from '../queries'
import { Composer } from './Composer'
import { OnItsWay } from './OnItsWay'
import { useDraft, useMessages, useOutbox } from './queries'
import { accessOf, FIELD, hasMessages, inOneThread, TALK, type Access } from './talk'
import { Announcer, Thread } from './Thread'
import { useReading } from './useReading'

/** What happened to a loan and what was said about it, in one thread; and the field to say more. */
export function Conversation({ loan, part }: { loan: Loan; part: Part }) {
  const { t } = useTranslation('loans')
  const access = accessOf(loan, part)
  const hint = useHint(loan, part)
  const label = useLabel(loan, part)
  const readable = hasMessages(access)
  const timeline = useTimeline(loan.id)
  const messages = useMessages(loan.id, readable)
  const outbox = useOutbox(loan.id)
  const [draft, setDraft] = useDraft(loan.id)
  const field = useRef<HTMLTextAreaElement>(null)
  const end = useRef<HTMLDivElement>(null)
  const mark = useReading(loan, readable ? messages.data : undefined, end)
  const { hash } = useLocation()
  const [reporting, setReporting] = useState<boolean>()
  const isThere = timeline.data !== undefined && (!readable || messages.data !== undefined)
  useEffect(() => {
    if (isThere && hash === `#${TALK}`) end.current?.scrollIntoView({ block: 'center' })
  }, [isThere, hash])

  const error = timeline.error ?? messages.error
  const send = (text: string) => {
    outbox.add(text)
    requestAnimationFrame(() => end.current?.scrollIntoView({ block: 'nearest' }))
  }
  const waiting = outbox.waiting.findIndex(({ failed }) => !failed)
  return (
    <section id={TALK} aria-labelledby="talk" className="flex scroll-mt-20 flex-col gap-4">
      <div className="flex min-h-11 flex-wrap items-center justify-between gap-x-4">
        <h2 id="talk" className="text-heading">
          {t('talk.title')}
        </h2>
        {part !== 'moderator' && !otherOf(loan, part).left && (
          <Button
            variant="quiet"
            size="small"
            icon={<Icon of={Flag} className="size-4" />}
            aria-label={t('talk.reportNamed', { name: otherOf(loan, part).name })}
            onClick={() => setReporting(true)}
          >
            {t('talk.report')}
          </Button>
        )}
      </div>
      {isThere ? (
        <>
          {messages.hasNextPage && (
            <Button
              className="self-center"
              variant="secondary"
              size="small"
              pending={messages.isFetchingNextPage}
              onClick={() => void messages.fetchNextPage()}
            >
              {t('talk.earlier')}
            </Button>
          )}
          <Thread
            entries={inOneThread(worthTelling(timeline.data ?? []), messages.data ?? [], loan, messages.hasNextPage)}
            borrowerId={loan.borrower.id}
            mark={mark}
          />
          {outbox.waiting.length > 0 && (
            <div className="flex flex-col gap-3">
              {outbox.waiting.map((outgoing, place) => (
                <OnItsWay
                  key={outgoing.key}
                  outgoing={outgoing}
                  loanId={loan.id}
                  outbox={outbox}
                  isNext={place === waiting}
                  onTakeBack={(text) => {
                    setDraft(draft ? `${draft}\n${text}` : text)
                    field.current?.focus()
                  }}
                />
              ))}
            </div>
          )}
        </>
      ) : error ? (
        <ErrorState error={error} onRetry={() => void Promise.all([timeline.refetch(), messages.refetch()])} />
      ) : (
        <Loading className="flex flex-col gap-4">
          <Skeleton className="h-12" />
          <Skeleton className="h-16 w-3/4" />
          <Skeleton className="h-12 w-2/3 self-end" />
        </Loading>
      )}
      <div ref={end} />
      <Announcer messages={messages.data} />
      {access === 'open' ? (
        <Composer id={FIELD} field={field} label={label} hint={hint} draft={draft} onChange={setDraft} onSend={send} />
      ) : (
        <Ended access={access} />
      )}
      <Reporting person={otherOf(loan, part)} loanId={loan.id} open={reporting} onOpenChange={setReporting} />
    </section>
  )
}

/** To whom one writes. */
function useLabel(loan: Loan, part: Part): string {
  const { t } = useTranslation('loans')
  if (part === 'moderator') return t('talk.toBoth')
  return t(loan.hasModerators ? 'talk.toWithModerators' : 'talk.to', { name: otherOf(loan, part).name })
}

/** Who reads it. */
function useHint(loan: Loan, part: Part): string {
  const { t } = useTranslation('loans')
  if (part === 'moderator') return t('talk.hintModerator')
  if (loan.hasModerators) return t('talk.hintModerators')
  return isOpen(loan) ? t('talk.hint', { name: otherOf(loan, part).name }) : t('talk.hintClosed')
}

function Ended({ access }: { access: Exclude<Access, 'open'> }) {
  const { t } = useTranslation('loans')
  return <p className="text-soft">{t(`talk.ended.${access}`)}</p>
}
