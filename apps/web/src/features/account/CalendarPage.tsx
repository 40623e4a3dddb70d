import { CalendarDays } from 'lucide'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorState } from '@/api/ErrorState'
import { useFormats } from '@/i18n/format'
import { Button } from '@/ui/Button'
import { ConfirmDialog } from '@/ui/Dialog'
import { EmptyState, Loading, Notice, Skeleton } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { Card, PageHeader } from '@/ui/Layout'
import { useEndCalendarFeed, useOpenCalendarFeed } from './commands'
import { useCalendarFeed } from './queries'
import { SecretOnce } from './SecretOnce'

/** The secret address from which a calendar program fetches one's days. */
export default function CalendarPage() {
  const { t, i18n } = useTranslation('account')
  const format = useFormats()
  const { data: feed, error, refetch } = useCalendarFeed()
  // Held while the page is to be seen, and nowhere else.
  const [address, setAddress] = useState<string>()
  const [asking, setAsking] = useState<'replace' | 'end'>()
  const open = useOpenCalendarFeed({
    onDone: ({ url }) => {
      setAsking(undefined)
      setAddress(`${url}&language=${i18n.language}`)
    },
  })
  const end = useEndCalendarFeed({
    said: t('calendar.ended'),
    onDone: () => {
      setAsking(undefined)
      setAddress(undefined)
    },
  })
  return (
    <div className="max-w-2xl">
      <PageHeader title={t('calendar.title')} lead={t('calendar.lead')} />
      {address ? (
        <Card className="flex flex-col gap-4 p-4">
          <Notice tone="due">{t('calendar.once')}</Notice>
          <SecretOnce
            secret={address}
            label={t('calendar.address')}
            hint={t('calendar.addressHint')}
            copied={t('calendar.copied')}
            onClose={() => setAddress(undefined)}
          />
        </Card>
      ) : feed ? (
        feed.createdAt ? (
          <Card className="flex flex-col items-start gap-4 p-4">
            <p>{t('calendar.since', { at: format.moment(feed.createdAt) })}</p>
            <p className="text-sm text-soft">{t('calendar.sinceHint')}</p>
            <div className="flex flex-wrap gap-3">
              <Button onClick={() => setAsking('replace')}>{t('calendar.replace')}</Button>
              <Button variant="secondary" onClick={() => setAsking('end')}>
                {t('calendar.end')}
              </Button>
            </div>
          </Card>
        ) : (
          <EmptyState
            icon={<Icon of={CalendarDays} className="size-6" />}
            title={t('calendar.none')}
            action={
              <Button pending={open.pending} onClick={() => open.run()}>
                {t('calendar.open')}
              </Button>
            }
          >
            {t('calendar.noneHint')}
          </EmptyState>
        )
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <Loading>
          <Skeleton className="h-36 rounded-lg" />
        </Loading>
      )}
      <ConfirmDialog
        open={asking === 'replace'}
        onOpenChange={(open) => !open && setAsking(undefined)}
        title={t('calendar.replaceTitle')}
        description={t('calendar.replaceText')}
        confirm={t('calendar.replace')}
        pending={open.pending}
        onConfirm={() => open.run()}
      />
      <ConfirmDialog
        open={asking === 'end'}
        onOpenChange={(open) => !open && setAsking(undefined)}
        title={t('calendar.endTitle')}
        description={t('calendar.endText')}
        confirm={t('calendar.end')}
        danger
        pending={end.pending}
        onConfirm={() => end.run()}
      />
    </div>
  )
}
