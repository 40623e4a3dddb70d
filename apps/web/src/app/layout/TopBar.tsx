import { Suspense, useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation, useNavigate } from 'react-router'
import { loginPath } from '@/api/Require'
import { useSession } from '@/api/useSession'
import { SearchBox } from '@/features/catalogue'
import { LinkButton } from '@/ui/Button'
import { AccountButton } from './AccountButton'
import { Bell, WideNavigation } from './for-members'
import { Mark } from './Mark'

export function TopBar() {
  const { user, status } = useSession()
  const { pathname } = useLocation()
  return (
    <header className="sticky top-0 z-30 border-b border-line bg-paper/95 backdrop-blur-sm">
      <div className="mx-auto flex h-16 max-w-6xl items-center gap-2 px-4 sm:gap-4 sm:px-6">
        <Link to="/" className="mr-auto flex min-h-11 items-center gap-2.5 font-serif text-xl font-semibold md:mr-2">
          <Mark className="size-7" />
          Folkshelf
        </Link>
        <Suspense>{user && <WideNavigation />}</Suspense>
        <div className="flex items-center gap-1 md:ml-auto">
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
      <LinkButton to="/register" variant="secondary" size="small" className="max-sm:hidden">
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
