import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormats } from '@/i18n/format'
import { LinkButton } from '@/ui/Button'
import { Actions, Dialog } from '@/ui/Dialog'
import { ActorName } from './ActorName'
import { eventsOf } from './event-filters'
import type { LoggedEvent } from './queries'

/** Everything that an event says. */
export function EventDialog({ event, onClose }: { event: LoggedEvent | undefined; onClose: () => void }) {
  const { t } = useTranslation('administration')
  // While the dialog closes it still shows what it was about.
  const [last, setLast] = useState(event)
  if (event && event !== last) setLast(event)
  if (!last) return null
  return (
    <Dialog open={event !== undefined} onOpenChange={(open) => !open && onClose()} title={last.type}>
      <EventFacts event={last} />
      <Actions>
        <LinkButton to={eventsOf(last)} variant="secondary" onClick={onClose}>
          {t('events.ofSame')}
        </LinkButton>
      </Actions>
    </Dialog>
  )
}

export function EventFacts({ event }: { event: LoggedEvent }) {
  const { t } = useTranslation('administration')
  const format = useFormats()
  return (
    <>
      <dl className="mb-4 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5">
        <Fact label={t('events.at')}>{format.instant(event.occurredAt)}</Fact>
        <Fact label={t('events.actor')}>
          <ActorName actor={event.actor} />
        </Fact>
        <Fact label={t('events.of')}>
          <Code>
            {event.aggregateType}:{event.aggregateId}
          </Code>
        </Fact>
        <Fact label={t('events.version')}>{event.aggregateVersion}</Fact>
        <Fact label={t('events.position')}>
          <Code>{event.position}</Code>
        </Fact>
        {event.traceId && (
          <Fact label={t('events.trace')}>
            <Code>{event.traceId}</Code>
          </Fact>
        )}
      </dl>
      <h3 className="mb-2 font-sans text-base font-medium">{t('events.payload')}</h3>
      <pre dir="ltr" className="rounded-md bg-sunken p-4 font-mono text-sm wrap-anywhere whitespace-pre-wrap">
        {JSON.stringify(event.payload, null, 2)}
      </pre>
    </>
  )
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-sm leading-6 text-soft">{label}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  )
}

function Code({ children }: { children: ReactNode }) {
  return <span className="font-mono text-sm wrap-anywhere">{children}</span>
}
