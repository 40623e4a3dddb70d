import { ChevronLeft } from 'lucide'
import { useEffect, useRef, type ComponentProps, type ReactNode } from 'react'
import { Link, useLocation, useSearchParams } from 'react-router'
import { classes } from './classes'
import { Icon } from './Icon'
import { PageTitle } from './PageTitle'
import { titleSize } from './title-size'
import { Written } from './Written'

export { PageTitle }

/** The heading of a page; it also names the browser's tab. */
export function PageHeader({
  title,
  lead,
  actions,
  back,
}: {
  title: string
  lead?: ReactNode
  actions?: ReactNode
  /** Where this page belongs. */
  back?: { to: string; label: string }
}) {
  return (
    <header className="mb-6 flex flex-col gap-3">
      <PageTitle>{title}</PageTitle>
      {back && (
        <Link to={back.to} className="-ml-1 inline-flex min-h-11 w-fit items-center gap-1 text-soft hover:text-ink">
          <Icon of={ChevronLeft} className="size-5" />
          {back.label}
        </Link>
      )}
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
        <Written as="h1" className={classes('min-w-0', titleSize(title))}>
          {title}
        </Written>
        {actions && <div className="flex flex-wrap items-center gap-3">{actions}</div>}
      </div>
      {lead && <p className="max-w-prose text-pretty text-soft">{lead}</p>}
    </header>
  )
}

/** A sheet of paper on the page. */
export function Card({ className, ...rest }: ComponentProps<'div'>) {
  return <div className={classes('rounded-lg border border-line bg-card p-4 sm:p-6', className)} {...rest} />
}

export interface LinkTab {
  label: string
  count?: number | undefined
}

function Count({ children }: { children: number | undefined }) {
  if (!children) return null
  return <span className="rounded-full bg-sunken px-2 text-sm text-ink tabular-nums">{children}</span>
}

const tab = 'flex min-h-11 items-center gap-2 border-b-2 px-1 font-medium whitespace-nowrap transition-colors'
const resting = 'border-transparent text-soft hover:text-ink'
const chosen = 'border-ink text-ink'

/** The parts of a page that differ by one parameter of its address: they can be linked to and gone back to. */
export function QueryTabs({
  label,
  parameter,
  tabs,
}: {
  label: string
  parameter: string
  tabs: Array<LinkTab & { value: string }>
}) {
  const [search] = useSearchParams()
  const current = search.get(parameter) ?? tabs[0]?.value
  return (
    <nav aria-label={label} className="mb-6 flex gap-6 overflow-x-auto border-b border-line">
      {tabs.map(({ value, label, count }) => (
        <Link
          key={value}
          to={{ search: `?${new URLSearchParams({ [parameter]: value })}` }}
          replace
          preventScrollReset
          aria-current={value === current ? 'page' : undefined}
          className={classes(tab, value === current ? chosen : resting)}
        >
          {label}
          <Count>{count}</Count>
        </Link>
      ))}
    </nav>
  )
}

interface SectionTab extends LinkTab {
  to: string
  /** Addresses of other pages that stand below this one. */
  above?: readonly string[]
}

/** The pages of a section. Where there are more than fit, the present one is in sight. */
export function SectionTabs({ label, tabs }: { label: string; tabs: SectionTab[] }) {
  const { pathname } = useLocation()
  const nav = useRef<HTMLElement>(null)
  useEffect(() => {
    const current = nav.current?.querySelector<HTMLElement>(`[href="${pathname}"], [aria-current]`)
    if (nav.current && current) nav.current.scrollLeft = current.offsetLeft - nav.current.offsetLeft - 48
  }, [pathname])
  return (
    <nav ref={nav} aria-label={label} className="mb-6 flex gap-4 overflow-x-auto border-b border-line sm:gap-6">
      {tabs.map(({ to, label, count, above }) => {
        const within = above?.includes(pathname)
        return (
          <Link
            key={to}
            to={to}
            aria-current={within ? 'true' : to === pathname ? 'page' : undefined}
            className={classes(tab, within || to === pathname ? chosen : resting)}
          >
            {label}
            <Count>{count}</Count>
          </Link>
        )
      })}
    </nav>
  )
}
