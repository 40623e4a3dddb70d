import { History } from 'lucide'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { LinkButton } from '@/ui/Button'
import { EmptyState, Skeleton } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { PageHeader } from '@/ui/Layout'
import { LoadMore } from '@/ui/LoadMore'
import { EventDialog } from './EventDialog'
import { EventFilter } from './EventFilter'
import { EventTable } from './EventTable'
import { useEventFilters } from './event-filters'
import { useEvents, type LoggedEvent } from './queries'
import { Watched } from './Watched'

export default function EventsPage() {
  const { t } = useTranslation('administration')
  const { filters, filtered } = useEventFilters()
  const events = useEvents(filters)
  const [shown, setShown] = useState<LoggedEvent>()
  return (
    <>
      <PageHeader title={t('events.title')} lead={t('events.lead')} />
      <EventFilter key={JSON.stringify(filters)} filters={filters} />
      <Watched query={events} skeleton={<Skeleton className="h-160 rounded-lg" />}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items)
          return items.length === 0 ? (
            <EmptyState
              icon={<Icon of={History} className="size-6" />}
              title={t('events.none')}
              action={
                filtered && (
                  <LinkButton to="/admin/events" variant="secondary">
                    {t('events.all')}
                  </LinkButton>
                )
              }
            >
              {t(filtered ? 'events.noneFiltered' : 'events.noneYet')}
            </EmptyState>
          ) : (
            <>
              <EventTable events={items} onOpen={setShown} />
              <LoadMore
                hasMore={events.hasNextPage}
                loading={events.isFetchingNextPage}
                onMore={events.fetchNextPage}
              />
            </>
          )
        }}
      </Watched>
      <EventDialog event={shown} onClose={() => setShown(undefined)} />
    </>
  )
}
