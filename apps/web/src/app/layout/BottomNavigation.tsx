import { useTranslation } from 'react-i18next'
import { NavLink } from 'react-router'
import { useLoansWaiting } from '@/features/loans'
import { useUnreadCount } from '@/features/notifications'
import { classes } from '@/ui/classes'
import { CountBadge } from '@/ui/CountBadge'
import { Icon } from '@/ui/Icon'
import { notifications, places } from './navigation'

/** The way around on phones, in reach of the thumb. */
export function BottomNavigation() {
  const { t } = useTranslation()
  const counts: Record<string, number> = { '/loans': useLoansWaiting(), '/notifications': useUnreadCount() }
  return (
    <nav
      aria-label={t('navigation.label')}
      className="fixed inset-x-0 bottom-0 z-30 border-t border-line bg-card pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      <ul className="mx-auto flex max-w-lg">
        {[...places, notifications].map(({ to, label, icon, end }) => {
          const count = counts[to] ?? 0
          return (
            <li key={to} className="min-w-0 flex-1">
              <NavLink
                to={to}
                end={end}
                className={({ isActive }) =>
                  classes(
                    'flex min-h-15 flex-col items-center justify-center gap-0.5 px-1 text-xs font-medium',
                    isActive ? 'text-ink' : 'text-soft',
                  )
                }
              >
                <span className="relative">
                  <Icon of={icon} className="size-6" strokeWidth={1.75} />
                  <CountBadge count={count} />
                </span>
                <span className="max-w-full truncate">{t(label)}</span>
                {count > 0 && <span className="sr-only">{t('navigation.waiting', { count })}</span>}
              </NavLink>
            </li>
          )
        })}
      </ul>
    </nav>
  )
}
