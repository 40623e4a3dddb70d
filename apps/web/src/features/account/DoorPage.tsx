import { useEffect, useRef, type ReactNode } from 'react'
import { Card, PageTitle } from '@/ui/Layout'

/** A page with one small form in its middle: logging in, joining, choosing a password. */
export function DoorPage({
  title,
  lead,
  footer,
  children,
}: {
  title: string
  lead?: string
  footer?: ReactNode
  children: ReactNode
}) {
  const heading = useRef<HTMLHeadingElement>(null)
  const shown = useRef(title)
  useEffect(() => {
    if (shown.current === title) return
    shown.current = title
    // What was asked is answered: the form that had the focus is gone.
    heading.current?.focus()
  }, [title])
  return (
    <div className="mx-auto flex max-w-md flex-col gap-6 sm:pt-8">
      <PageTitle>{title}</PageTitle>
      <header className="text-center">
        <h1 ref={heading} tabIndex={-1} className="text-title focus-visible:outline-none">
          {title}
        </h1>
        {lead && <p className="mt-2 text-balance text-soft">{lead}</p>}
      </header>
      <Card>{children}</Card>
      {footer && (
        <p className="text-center text-soft [&_a]:inline-flex [&_a]:min-h-11 [&_a]:items-center [&_a]:link">{footer}</p>
      )}
    </div>
  )
}

/** What a door has to say, and where to go from there. */
export function DoorMessage({ icon, children, action }: { icon: ReactNode; children: ReactNode; action?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-4 text-center">
      <div className="flex size-14 items-center justify-center rounded-full bg-sunken text-ink">{icon}</div>
      <div className="flex flex-col gap-3 wrap-anywhere">{children}</div>
      {action && <div className="mt-2 flex w-full flex-col gap-3">{action}</div>}
    </div>
  )
}
