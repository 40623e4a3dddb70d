import { useState, type ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorState } from '@/api/ErrorState'
import { LinkButton, Button } from '@/ui/Button'
import { Loading, Skeleton } from '@/ui/Feedback'
import { Popover } from '@/ui/Popover'
import { useMarkAllRead } from './commands'
import { LiveLine } from './LiveLine'
import { NotificationItem } from './NotificationItem'
import { useNotifications, useUnreadCount } from './queries'

const NEWEST = 6

/** What hangs below the bell. Opens as it comes: see `NotificationBell`. */
export default function NotificationPopover({ trigger }: { trigger: ReactElement }) {
  const { t } = useTranslation('notifications')
  const [open, setOpen] = useState(true)
  const close = () => setOpen(false)
  const unread = useUnreadCount()
  const { run: markAllRead, pending } = useMarkAllRead()
  return (
    <Popover trigger={trigger} label={t('notifications.title')} open={open} onOpenChange={setOpen}>
      <div className="flex min-h-14 items-center justify-between gap-3 border-b border-line py-1.5 pr-2 pl-4">
        <LiveLine />
        {unread > 0 && (
          <Button variant="quiet" size="small" pending={pending} onClick={() => markAllRead()}>
            {t('markAllRead')}
          </Button>
        )}
      </div>
      <Newest onOpen={close} />
      <div className="border-t border-line p-1.5">
        <LinkButton to="/notifications" variant="quiet" className="w-full" onClick={close}>
          {t('all')}
        </LinkButton>
      </div>
    </Popover>
  )
}

function Newest({ onOpen }: { onOpen: () => void }) {
  const { t } = useTranslation('notifications')
  const { data, error, refetch } = useNotifications()
  const newest = data?.pages.flatMap(({ items }) => items).slice(0, NEWEST)
  if (newest?.length === 0) return <p className="px-4 py-8 text-center text-soft">{t('empty.title')}</p>
  if (newest)
    return (
      <ul className="min-h-0 overflow-y-auto">
        {newest.map((notification) => (
          <li
            key={notification.id}
            className="relative border-b border-line px-4 py-3 last:border-b-0 focus-within:bg-sunken hover:bg-sunken"
          >
            <NotificationItem notification={notification} brief onOpen={onOpen} />
          </li>
        ))}
      </ul>
    )
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />
  return (
    <Loading className="flex flex-col gap-4 p-4">
      {[1, 2, 3, 4].map((row) => (
        <Skeleton key={row} className="h-16" />
      ))}
    </Loading>
  )
}
