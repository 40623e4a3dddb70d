import { Bell, BellOff, Ellipsis, Trash2 } from 'lucide'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { ErrorState } from '@/api/ErrorState'
import { Button, IconButton, LinkButton } from '@/ui/Button'
import { ConfirmDialog } from '@/ui/Dialog'
import { EmptyState, Loading, Skeleton } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { PageHeader, QueryTabs } from '@/ui/Layout'
import { LoadMore } from '@/ui/LoadMore'
import { Menu, MenuItem } from '@/ui/Menu'
import { useDelete, useDeleteRead, useMarkAllRead } from './commands'
import { LiveLine } from './LiveLine'
import { NotificationItem } from './NotificationItem'
import { useNotifications, useUnreadCount, type Notification } from './queries'

export default function NotificationsPage() {
  const { t } = useTranslation('notifications')
  const [search] = useSearchParams()
  const unreadOnly = search.get('show') === 'unread'
  const unread = useUnreadCount()
  return (
    <div className="mx-auto max-w-3xl">
      <PageHeader title={t('notifications.title')} actions={<InboxActions unread={unread} />} lead={<LiveLine />} />
      <QueryTabs
        label={t('tabs.label')}
        parameter="show"
        tabs={[
          { value: 'all', label: t('tabs.all') },
          { value: 'unread', label: t('tabs.unread'), count: unread },
        ]}
      />
      <Inbox unreadOnly={unreadOnly} />
    </div>
  )
}

function InboxActions({ unread }: { unread: number }) {
  const { t } = useTranslation('notifications')
  const [asking, setAsking] = useState(false)
  const markAllRead = useMarkAllRead()
  const deleteRead = useDeleteRead({ onDone: () => setAsking(false) })
  return (
    <>
      <Button
        variant="secondary"
        size="small"
        disabled={unread === 0}
        pending={markAllRead.pending}
        onClick={() => markAllRead.run()}
      >
        {t('markAllRead')}
      </Button>
      <Menu
        trigger={
          <IconButton label={t('more')}>
            <Icon of={Ellipsis} className="size-5" />
          </IconButton>
        }
      >
        <MenuItem icon={<Icon of={Trash2} className="size-5" />} danger onClick={() => setAsking(true)}>
          {t('deleteRead.action')}
        </MenuItem>
      </Menu>
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title={t('deleteRead.title')}
        description={t('deleteRead.text')}
        confirm={t('deleteRead.action')}
        danger
        pending={deleteRead.pending}
        onConfirm={() => deleteRead.run()}
      />
    </>
  )
}

function Inbox({ unreadOnly }: { unreadOnly: boolean }) {
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useNotifications({
    unread: unreadOnly,
  })
  const notifications = data?.pages.flatMap(({ items }) => items)
  if (notifications?.length === 0) return <EmptyInbox unreadOnly={unreadOnly} />
  if (notifications)
    return (
      <>
        <ul className="flex flex-col gap-2">
          {notifications.map((notification) => (
            <Row key={notification.id} notification={notification} />
          ))}
        </ul>
        <LoadMore hasMore={hasNextPage} loading={isFetchingNextPage} onMore={() => void fetchNextPage()} />
      </>
    )
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />
  return (
    <Loading className="flex flex-col gap-2">
      {[1, 2, 3, 4, 5].map((row) => (
        <Skeleton key={row} className="h-28" />
      ))}
    </Loading>
  )
}

function Row({ notification }: { notification: Notification }) {
  const { t } = useTranslation('notifications')
  const { run } = useDelete(notification)
  return (
    <li className="relative flex rounded-lg border border-line bg-card py-3.5 pr-1 pl-4 transition-colors hover:border-control">
      <NotificationItem notification={notification} />
      <IconButton
        label={t('delete', { title: notification.title })}
        className="relative z-1 -mt-1.5 text-soft"
        onClick={() => run()}
      >
        <Icon of={Trash2} className="size-4.5" />
      </IconButton>
    </li>
  )
}

function EmptyInbox({ unreadOnly }: { unreadOnly: boolean }) {
  const { t } = useTranslation('notifications')
  return unreadOnly ? (
    <EmptyState icon={<Icon of={BellOff} className="size-6" />} title={t('emptyUnread.title')}>
      {t('emptyUnread.text')}
    </EmptyState>
  ) : (
    <EmptyState
      icon={<Icon of={Bell} className="size-6" />}
      title={t('empty.title')}
      action={<LinkButton to="/">{t('empty.action')}</LinkButton>}
    >
      {t('empty.text')}
    </EmptyState>
  )
}
