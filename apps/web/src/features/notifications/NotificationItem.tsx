import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useFormats } from '@/i18n/format'
import { classes } from '@/ui/classes'
import { Icon } from '@/ui/Icon'
import { Written } from '@/ui/Written'
import { useMarkRead } from './commands'
import { kindOf } from './kinds'
import type { Notification } from './queries'

/** Leads to what it is about; whoever follows it has read it. */
export function NotificationItem({
  notification,
  brief = false,
  onOpen,
}: {
  notification: Notification
  /** Cut to a few lines. */
  brief?: boolean
  onOpen?: () => void
}) {
  const { t } = useTranslation('notifications')
  const format = useFormats()
  const markRead = useMarkRead(notification)
  const { title, body, read, type, createdAt } = notification
  const { icon, late } = kindOf(type)
  const open = () => {
    markRead()
    onOpen?.()
  }
  return (
    <div className="flex min-w-0 flex-1 gap-3">
      <span
        aria-hidden
        className={classes(
          'relative flex size-9 shrink-0 items-center justify-center rounded-full',
          late ? 'bg-late-soft text-late' : read ? 'bg-sunken text-soft' : 'bg-sunken text-ink',
        )}
      >
        <Icon of={icon} className="size-5" strokeWidth={1.75} />
        {!read && <span className="absolute -top-0.5 -right-0.5 size-3 rounded-full border-2 border-card bg-ink" />}
      </span>
      <div className="min-w-0 flex-1">
        <p className={classes('leading-snug', read ? 'text-ink' : 'font-semibold')}>
          <Link
            to={placeOf(notification)}
            onClick={open}
            className={classes('after:absolute after:inset-0', brief ? 'line-clamp-2' : 'line-clamp-4')}
          >
            {!read && <span className="sr-only">{t('unread')} </span>}
            <Written>{title}</Written>
          </Link>
        </p>
        <Written
          as="p"
          className={classes('text-sm text-soft', brief ? 'line-clamp-2' : 'mt-0.5 line-clamp-6 text-pretty')}
        >
          {body}
        </Written>
        <time dateTime={createdAt} title={format.moment(createdAt)} className="text-sm text-soft">
          {format.ago(createdAt)}
        </time>
      </div>
    </div>
  )
}

function placeOf({ data, type }: Notification): string {
  // Who is warned finds all of it in the notification itself.
  if (data.reportId) return type === 'user.reported' ? `/moderation/reports/${data.reportId}` : '/account/reports'
  if (data.borrowId) return `/loans/${data.borrowId}${type === 'borrow.message_sent' ? '#messages' : ''}`
  return data.bookId ? `/books/${data.bookId}` : '/notifications'
}
