import type { ReactNode } from 'react'
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
  return (
    <div className="mx-auto flex max-w-md flex-col gap-6 sm:pt-8">
      <PageTitle>{title}</PageTitle>
      <header className="text-center">
        <h1 className="text-title">{title}</h1>
        {lead && <p className="mt-2 text-soft">{lead}</p>}
      </header>
      <Card>{children}</Card>
      {footer && (
        <p className="text-center text-soft [&_a]:inline-flex [&_a]:min-h-11 [&_a]:items-center [&_a]:text-accent [&_a]:underline [&_a]:underline-offset-4">
          {footer}
        </p>
      )}
    </div>
  )
}
