import { useTranslation } from 'react-i18next'
import { NavLink } from 'react-router'
import { useLoansWaiting } from '@/features/loans'
import { classes } from '@/ui/classes'
import { places } from './navigation'

/** The way around on wide screens. */
export function WideNavigation() {
  const { t } = useTranslation()
  const waiting = useLoansWaiting()
  return (
    <nav aria-label={t('navigation.label')} className="hidden items-center gap-1 md:flex">
      {places.map(({ to, label, end }) => (
        <NavLink
          key={to}
          to={to}
          end={end}
          className={({ isActive }) =>
            classes(
              'flex min-h-11 items-center gap-2 rounded-md px-3 font-medium transition-colors',
              isActive ? 'bg-sunken text-ink' : 'text-soft hover:bg-sunken hover:text-ink',
            )
          }
        >
          {t(label)}
          {to === '/loans' && waiting > 0 && (
            <>
              <span aria-hidden className="rounded-full bg-ink px-2 text-xs/5 font-semibold text-paper tabular-nums">
                {waiting}
              </span>
              <span className="sr-only">{t('navigation.waiting', { count: waiting })}</span>
            </>
          )}
        </NavLink>
      ))}
    </nav>
  )
}
