import { MailCheck } from 'lucide'
import { useTranslation } from 'react-i18next'
import { useFormats } from '@/i18n/format'
import { Button } from '@/ui/Button'
import { EmptyState, Skeleton, StatusPill } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { PageHeader } from '@/ui/Layout'
import { LoadMore } from '@/ui/LoadMore'
import { useRetryMail } from './commands'
import { useMails, type Mail } from './queries'
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
    </>
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
