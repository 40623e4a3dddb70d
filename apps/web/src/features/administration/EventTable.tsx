import { useTranslation } from 'react-i18next'
import { useFormats } from '@/i18n/format'
import { DataTable } from '@/ui/DataTable'
import { ActorInList } from './ActorName'
import type { LoggedEvent } from './queries'

export function EventTable({
  events,
  onOpen,
}: {
  events: readonly LoggedEvent[]
  onOpen: (event: LoggedEvent) => void
}) {
  const { t } = useTranslation('administration')
  const format = useFormats()
  return (
    <DataTable
      caption={t('events.title')}
      rows={events}
      rowKey={(event) => event.id}
      columns={[
        {
          label: t('events.type'),
          heading: true,
          cell: (event) => (
            <button
              type="button"
              className="inline-flex min-h-6 items-center font-mono text-sm link wrap-anywhere pointer-coarse:min-h-11"
              aria-haspopup="dialog"
              onClick={() => onOpen(event)}
            >
              {event.type}
            </button>
          ),
        },
        {
          label: t('events.at'),
          cell: (event) => (
            <time dateTime={event.occurredAt} className="tabular-nums sm:whitespace-nowrap">
              {format.instant(event.occurredAt)}
            </time>
          ),
        },
        {
          label: t('events.of'),
          cell: (event) => (
            <span className="font-mono text-sm wrap-anywhere" title={event.aggregateId}>
              {event.aggregateType} <span className="whitespace-nowrap">…{event.aggregateId.slice(-8)}</span>
            </span>
          ),
        },
        { label: t('events.actor'), cell: (event) => <ActorInList actor={event.actor} /> },
      ]}
    />
  )
}
