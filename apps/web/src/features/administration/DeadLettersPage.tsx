import { MailCheck } from 'lucide'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorState } from '@/api/ErrorState'
import { useFormats } from '@/i18n/format'
import { Button } from '@/ui/Button'
import { ConfirmDialog, Dialog } from '@/ui/Dialog'
import { EmptyState, Loading, Skeleton, StatusPill } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { PageHeader } from '@/ui/Layout'
import { LoadMore } from '@/ui/LoadMore'
import { useDrop, useRetry } from './commands'
import { DeadLetterGroups } from './DeadLetterGroups'
import { EventFacts } from './EventDialog'
import { useDeadLetters, useEventOf, type DeadLetter } from './queries'
import { Watched } from './Watched'

export default function DeadLettersPage() {
  const { t } = useTranslation('administration')
  const letters = useDeadLetters()
  const [opened, setOpened] = useState<DeadLetter>()
  const [dropped, setDropped] = useState<DeadLetter>()
  const drop = useDrop({ said: t('deadLetters.dropped'), onDone: () => setDropped(undefined) })
  return (
    <>
      <PageHeader title={t('deadLetters.title')} lead={t('deadLetters.lead')} />
      <Watched query={letters} skeleton={<Skeleton className="h-48 rounded-lg" />}>
        {({ pages }) =>
          pages[0]?.pagination.total === 0 ? (
            <EmptyState icon={<Icon of={MailCheck} className="size-6" />} title={t('deadLetters.none')}>
              {t('deadLetters.noneHint')}
            </EmptyState>
          ) : (
            <>
              <DeadLetterGroups />
              <ul className="flex flex-col gap-4">
                {pages
                  .flatMap((page) => page.items)
                  .map((letter) => (
                    <LetterCard key={letter.id} letter={letter} onOpen={setOpened} onDrop={setDropped} />
                  ))}
              </ul>
              <LoadMore
                hasMore={letters.hasNextPage}
                loading={letters.isFetchingNextPage}
                onMore={letters.fetchNextPage}
              />
            </>
          )
        }
      </Watched>
      <Dialog
        open={opened !== undefined}
        onOpenChange={(open) => !open && setOpened(undefined)}
        title={t('deadLetters.event')}
      >
        {opened && <LetterEvent letter={opened} />}
      </Dialog>
      <ConfirmDialog
        open={dropped !== undefined}
        onOpenChange={(open) => !open && setDropped(undefined)}
        title={t('deadLetters.dropTitle')}
        description={t('deadLetters.dropText')}
        confirm={t('deadLetters.drop')}
        danger
        pending={drop.pending}
        onConfirm={() => dropped && drop.run(dropped)}
      />
    </>
  )
}

function LetterCard({
  letter,
  onOpen,
  onDrop,
}: {
  letter: DeadLetter
  onOpen: (letter: DeadLetter) => void
  onDrop: (letter: DeadLetter) => void
}) {
  const { t } = useTranslation('administration')
  const format = useFormats()
  const retry = useRetry(t('deadLetters.retried'))
  const waiting = letter.retryRequested || retry.pending
  return (
    <li className="flex flex-col gap-3 rounded-lg border border-line bg-card p-4 sm:p-6">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h2 className="font-mono text-base font-semibold wrap-anywhere">
          {letter.event} → {letter.subscription}
        </h2>
        {letter.retryRequested && <StatusPill tone="due">{t('deadLetters.waiting')}</StatusPill>}
      </div>
      <p className="text-sm text-soft">
        {t('deadLetters.attempts', { count: letter.attempts })} · {format.moment(letter.parkedAt)}
      </p>
      <pre
        dir="ltr"
        className="max-h-60 overflow-y-auto rounded-md bg-late-soft p-4 font-mono text-sm wrap-anywhere whitespace-pre-wrap text-late"
      >
        {letter.error}
      </pre>
      <div className="flex flex-col gap-3 sm:flex-row">
        {!letter.retryRequested && (
          <Button variant="secondary" pending={waiting} onClick={() => retry.run(letter)}>
            {t('deadLetters.retry')}
          </Button>
        )}
        <Button variant="secondary" onClick={() => onOpen(letter)}>
          {t('deadLetters.open')}
        </Button>
        <Button variant="danger" className="sm:ml-auto" onClick={() => onDrop(letter)}>
          {t('deadLetters.drop')}
        </Button>
      </div>
    </li>
  )
}

function LetterEvent({ letter }: { letter: DeadLetter }) {
  const { t } = useTranslation('administration')
  const { data: event, error, refetch } = useEventOf(letter)
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (event) return <EventFacts event={event} />
  if (event === null) return <p>{t('deadLetters.eventNotFound')}</p>
  return (
    <Loading>
      <Skeleton className="h-80" />
    </Loading>
  )
}
