import { Suspense, useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation, useNavigate } from 'react-router'
import { loginPath } from '@/api/Require'
import { useSession } from '@/api/useSession'
import { SearchBox } from '@/features/catalogue'
import { LinkButton } from '@/ui/Button'
import { AccountButton } from './AccountButton'
import { Bell, WideNavigation } from './for-members'
import { barLook } from './look'
import { Mark } from './Mark'

export function TopBar() {
  const { user, status } = useSession()
  const { pathname } = useLocation()
  return (
    <header className={barLook.bar}>
      <div className={barLook.row}>
        <Link to="/" className={barLook.home}>
          <Mark className={barLook.mark} />
          Folkshelf
        </Link>
        <Suspense>{user && <WideNavigation />}</Suspense>
        <div className={barLook.end}>
          {pathname !== '/' && <SearchEverywhere />}
          <Suspense>{user && <Bell />}</Suspense>
          {status === 'visitor' && <VisitorLinks />}
          <AccountButton />
        </div>
      </div>
    </header>
  )
}

function VisitorLinks() {
  const { t } = useTranslation()
  const { pathname, search } = useLocation()
  const atTheDoor = ['/login', '/register'].includes(pathname)
  return (
    <>
      <LinkButton to={atTheDoor ? '/login' : loginPath(pathname + search)} variant="quiet" size="small">
        {t('session.logIn')}
      </LinkButton>
      <LinkButton to="/register" variant="secondary" size="small" className={barLook.register}>
        {t('session.register')}
      </LinkButton>
    </>
  )
}

/** On the page to browse, its own search takes this one's place. */
function SearchEverywhere() {
  const navigate = useNavigate()
  const search = useCallback((q: string) => void navigate(q ? `/?${new URLSearchParams({ q })}` : '/'), [navigate])
  return <SearchBox q="" onSearch={search} className="mr-2 hidden w-64 lg:block" />
}
