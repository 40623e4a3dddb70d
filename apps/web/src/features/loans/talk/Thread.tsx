import { Check, CheckCheck } from 'lucide'
import { Fragment, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useUserId } from '@/api/useSession'
import { useFormats } from '@/i18n/format'
import { Icon } from '@/ui/Icon'
import { Quote } from '@/ui/Quote'
import { Written } from '@/ui/Written'
import { HappeningText } from '../HappeningText'
import { Bubble } from './Bubble'
import type { Entry, Message, Said, Step } from './talk'

/** Steps and messages, the newest last. `mark`: the first message that is new to whoever reads. */
export function Thread({
  entries,
  borrowerId,
  mark,
}: {
  entries: readonly Entry[]
  borrowerId: string
  mark: string | undefined
}) {
  const { t } = useTranslation('loans')
  const userId = useUserId()
  const mine = entries.filter((entry): entry is Said => entry.kind === 'message' && entry.message.author.id === userId)
  const last = mine.at(-1)?.message.id
  return (
    <ol aria-label={t('talk.title')} className="flex flex-col gap-3">
      {entries.map((entry) =>
        entry.kind === 'step' ? (
          <StepEntry key={`${entry.happening.type} ${entry.at}`} step={entry} borrowerId={borrowerId} />
        ) : (
          <Fragment key={entry.message.id}>
            {entry.message.id === mark && <NewMark />}
            <MessageEntry said={entry} mine={entry.message.author.id === userId} isLast={entry.message.id === last} />
          </Fragment>
        ),
      )}
    </ol>
  )
}

function NewMark() {
  const { t } = useTranslation('loans')
  return (
    <li className="flex items-center gap-3 text-sm font-medium">
      <span aria-hidden className="h-px flex-1 bg-control" />
      {t('talk.new')}
      <span aria-hidden className="h-px flex-1 bg-control" />
    </li>
  )
}

function StepEntry({ step, borrowerId }: { step: Step; borrowerId: string }) {
  const format = useFormats()
  return (
    <li className="relative py-1 pl-6 text-sm">
      <span aria-hidden className="absolute top-2.5 left-1 size-2 rounded-full bg-control" />
      <p className="text-pretty">
        <HappeningText happening={step.happening} borrowerId={borrowerId} />{' '}
        <time dateTime={step.at} className="whitespace-nowrap text-soft">
          {format.moment(step.at)}
        </time>
      </p>
      {step.words && <Quote>{step.words}</Quote>}
    </li>
  )
}

function MessageEntry({ said: { message, first }, mine, isLast }: { said: Said; mine: boolean; isLast: boolean }) {
  const { t } = useTranslation('loans')
  const format = useFormats()
  const { author, text, sentAt, readAt } = message
  const name = mine ? (
    <span className="sr-only">{t('talk.you')}</span>
  ) : first ? (
    <p className="px-1 text-sm font-medium">
      <Written>{author.name}</Written>
      {author.moderator && <span className="font-normal text-soft"> {t('talk.moderator')}</span>}
    </p>
  ) : (
    <span className="sr-only">{author.name}</span>
  )
  return (
    <li className="flex flex-col">
      <Bubble mine={mine} name={name} text={text}>
        <time dateTime={sentAt}>{format.moment(sentAt)}</time>
        {mine && isLast && (
          <span className="inline-flex items-center gap-1">
            <Icon of={readAt ? CheckCheck : Check} className="size-4" />
            {readAt ? t('talk.read') : t('talk.sent')}
          </span>
        )}
      </Bubble>
    </li>
  )
}

/** Says aloud what others write while one is here. Older ones that are fetched later are not news. */
export function Announcer({ messages }: { messages: readonly Message[] | undefined }) {
  const { t } = useTranslation('loans')
  const userId = useUserId()
  const [words, setWords] = useState('')
  const newest = useRef<string>(undefined)
  useEffect(() => {
    if (!messages) return
    const known = newest.current
    newest.current = messages.at(-1)?.id ?? ''
    if (known === undefined) return
    const place = messages.findIndex(({ id }) => id === known)
    if (known && place < 0) return
    const came = messages.slice(place + 1).filter(({ author }) => author.id !== userId)
    if (came.length > 0)
      setWords(came.map(({ author, text }) => t('talk.announced', { name: author.name, text })).join(' '))
  }, [messages, userId, t])
  return (
    <p role="status" className="sr-only">
      {words}
    </p>
  )
}
