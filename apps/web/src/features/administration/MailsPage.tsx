import { MailCheck } from 'lucide'
import { useTranslation } from 'react-i18next'
import { useFormats } from '@/i18n/format'
import { Button } from '@/ui/Button'
import { EmptyState, Skeleton, StatusPill } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { PageHeader } from '@/ui/Layout'
import { LoadMore } from '@/ui/LoadMore'
import { ActorInList } from './ActorName'
import { useRetryDelivery, useRetryMail } from './commands'
import { useFailedDeliveries, useMails, type Delivery, type Mail } from './queries'
import { Watched } from './Watched'

export default function MailsPage() {
  const { t } = useTranslation('administration')
  const mails = useMails()
  return (
    <>
      <PageHeader title={t('mails.title')} lead={t('mails.lead')} />
      <Watched query={mails} skeleton={<Skeleton className="h-48 rounded-lg" />}>
        {({ pages }) =>
          pages[0]?.pagination.total === 0 ? (
            <EmptyState icon={<Icon of={MailCheck} className="size-6" />} title={t('mails.none')}>
              {t('mails.noneHint')}
            </EmptyState>
          ) : (
            <>
              <ul className="flex flex-col gap-4">
                {pages
                  .flatMap((page) => page.items)
                  .map((mail) => (
                    <MailCard key={mail.id} mail={mail} />
                  ))}
              </ul>
              <LoadMore hasMore={mails.hasNextPage} loading={mails.isFetchingNextPage} onMore={mails.fetchNextPage} />
            </>
          )
        }
      </Watched>
      <FailedDeliveries />
    </>
  )
}

/** Nothing where there are none: most of the time. */
function FailedDeliveries() {
  const { t } = useTranslation('administration')
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = useFailedDeliveries()
  const failed = data?.pages.flatMap((page) => page.items) ?? []
  if (failed.length === 0) return null
  return (
    <section aria-labelledby="deliveries" className="mt-10">
      <h2 id="deliveries" className="font-serif text-heading font-semibold">
        {t('deliveries.title')}
      </h2>
      <p className="mt-1 mb-4 text-soft">{t('deliveries.lead')}</p>
      <ul className="flex flex-col gap-4">
        {failed.map((delivery) => (
          <DeliveryCard key={delivery.id} delivery={delivery} />
        ))}
      </ul>
      <LoadMore hasMore={hasNextPage} loading={isFetchingNextPage} onMore={() => void fetchNextPage()} />
    </section>
  )
}

function DeliveryCard({ delivery }: { delivery: Delivery }) {
  const { t } = useTranslation('administration')
  const format = useFormats()
  const retry = useRetryDelivery(t('mails.retried'))
  return (
    <li className="flex flex-col gap-3 rounded-lg border border-line bg-card p-4 sm:p-6">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h3 className="font-semibold wrap-anywhere">
          <span dir="ltr">{delivery.kind}</span> → <ActorInList actor={{ kind: 'user', id: delivery.userId }} />
        </h3>
        <StatusPill tone="late">{t('mails.givenUp')}</StatusPill>
      </div>
      <p className="text-sm text-soft">
        {t('mails.attempts', { count: delivery.tries })} · {format.moment(delivery.settledAt ?? delivery.createdAt)}
      </p>
      {delivery.error && (
        <p dir="ltr" className="rounded-md bg-late-soft p-4 font-mono text-sm wrap-anywhere text-late">
          {delivery.error}
        </p>
      )}
      <div className="flex flex-col gap-3 sm:flex-row">
        <Button variant="secondary" pending={retry.pending} onClick={() => retry.run(delivery)}>
          {t('mails.retry')}
        </Button>
      </div>
    </li>
  )
}

function MailCard({ mail }: { mail: Mail }) {
  const { t } = useTranslation('administration')
  const format = useFormats()
  const retry = useRetryMail(t('mails.retried'))
  const givenUp = mail.state === 'given_up'
  return (
    <li className="flex flex-col gap-3 rounded-lg border border-line bg-card p-4 sm:p-6">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h2 className="font-semibold wrap-anywhere">
          {t(`mails.kinds.${mail.kind}`, { defaultValue: mail.kind })} → <bdi>{mail.recipient}</bdi>
        </h2>
        <StatusPill tone={givenUp ? 'late' : 'due'}>{t(givenUp ? 'mails.givenUp' : 'mails.waiting')}</StatusPill>
      </div>
      <p className="text-sm text-soft">
        {t('mails.attempts', { count: mail.attempts })} · {format.moment(mail.givenUpAt ?? mail.createdAt)}
      </p>
      {mail.error && (
        <p dir="ltr" className="rounded-md bg-late-soft p-4 font-mono text-sm wrap-anywhere text-late">
          {mail.error}
        </p>
      )}
      {givenUp && (
        <div className="flex flex-col gap-3 sm:flex-row">
          <Button variant="secondary" pending={retry.pending} onClick={() => retry.run(mail)}>
            {t('mails.retry')}
          </Button>
        </div>
      )}
    </li>
  )
}
