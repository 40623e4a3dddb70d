import { Bell } from 'lucide'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { i18n } from '@/i18n/i18n'
import { IconButton } from '@/ui/Button'
import { CountBadge } from '@/ui/CountBadge'
import { Icon } from '@/ui/Icon'
import { titleCount } from '@/ui/title-count'
import { useUnreadCount } from './queries'

const load = async () => {
  const [module] = await Promise.all([import('./NotificationPopover'), i18n.loadNamespaces('notifications')])
  return module
}
const NotificationPopover = lazy(load)

/** The newest notifications, in reach from every page. What it opens is fetched when somebody reaches for it. */
export function NotificationBell() {
  const { t } = useTranslation()
  const unread = useUnreadCount()
  const [wanted, setWanted] = useState(false)
  useEffect(() => {
    titleCount.set(unread)
    return () => titleCount.set(0)
  }, [unread])
  const label = unread > 0 ? t('navigation.notificationsUnread', { count: unread }) : t('navigation.notifications')
  const button = (
    <IconButton
      label={label}
      aria-haspopup="dialog"
      onPointerEnter={() => void load()}
      onFocus={() => void load()}
      // Once this click is over: it would close again what it opens.
      onClick={() => setTimeout(() => setWanted(true))}
    >
      <span className="relative">
        <Icon of={Bell} className="size-6" strokeWidth={1.75} />
        <CountBadge count={unread} />
      </span>
    </IconButton>
  )
  return (
    <>
      <span role="status" className="sr-only">
        {unread > 0 && label}
      </span>
      <span className="max-md:hidden">
        {wanted ? (
          <Suspense fallback={button}>
            <NotificationPopover trigger={button} />
          </Suspense>
        ) : (
          button
        )}
      </span>
    </>
  )
}
