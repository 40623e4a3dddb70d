import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { classes } from './classes'

export { Skeleton } from './Skeleton'

/** Wraps skeletons and tells screen readers that something is loading. */
export function Loading({ children, className }: { children: ReactNode; className?: string }) {
  const { t } = useTranslation()
  return (
    <div role="status" className={className}>
      <span className="sr-only">{t('loading')}</span>
      {children}
    </div>
  )
}

/** Nothing is here: says why, and what to do next. */
export function EmptyState({
  icon,
  title,
  children,
  action,
}: {
  icon?: ReactNode
  title: string
  children?: ReactNode
  action?: ReactNode
}) {
  return (
    <div className="flex flex-col items-center gap-3 rounded-lg border border-dashed border-line px-6 py-12 text-center">
      {icon && <div className="flex size-12 items-center justify-center rounded-full bg-sunken text-ink">{icon}</div>}
      <h2 className="text-heading">{title}</h2>
      {children && <div className="max-w-prose text-balance text-soft">{children}</div>}
      {action && <div className="mt-2 flex flex-wrap justify-center gap-3">{action}</div>}
    </div>
  )
}

type Tone = 'neutral' | 'free' | 'due' | 'late' | 'plain'

const tones: Record<Tone, string> = {
  neutral: 'bg-sunken text-soft',
  free: 'bg-free-soft text-free',
  due: 'bg-due-soft text-due',
  late: 'bg-late-soft text-late',
  plain: 'bg-sunken text-ink',
}

/** How something stands, in a word. The colour never says it alone. */
export function StatusPill({
  tone = 'neutral',
  icon,
  children,
}: {
  tone?: Tone
  icon?: ReactNode
  children: ReactNode
}) {
  return (
    <span
      className={classes(
        'inline-flex items-center gap-1.5 rounded-full px-2.5 py-0.5 text-sm font-medium whitespace-nowrap',
        tones[tone],
      )}
    >
      {icon}
      {children}
    </span>
  )
}

/** A message inside a page: a hint, a warning, a refusal. */
export function Notice({ tone = 'neutral', icon, children }: { tone?: Tone; icon?: ReactNode; children: ReactNode }) {
  return (
    <div className={classes('flex items-start gap-3 rounded-md px-4 py-3', tones[tone])}>
      {icon && <span className="mt-0.5 shrink-0">{icon}</span>}
      <div className="min-w-0 flex-1">{children}</div>
    </div>
  )
}
