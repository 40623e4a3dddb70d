import type { ReactNode } from 'react'
import { classes } from '@/ui/classes'
import { Written } from '@/ui/Written'

/** Somebody's words: one's own on one side, those of others on the other. */
export function Bubble({
  mine,
  name,
  text,
  faint = false,
  children,
}: {
  mine: boolean
  /** Who wrote it; nothing where it goes on. */
  name: ReactNode
  text: string
  faint?: boolean
  children: ReactNode
}) {
  return (
    <div
      className={classes('flex max-w-[85%] flex-col gap-0.5', mine ? 'items-end self-end' : 'items-start self-start')}
    >
      {name}
      <Written
        as="p"
        className={classes(
          'max-w-full rounded-lg px-3.5 py-2 whitespace-pre-wrap',
          mine ? 'rounded-ee-sm bg-sunken' : 'rounded-es-sm border border-line bg-card',
          faint && 'opacity-70',
        )}
      >
        {text}
      </Written>
      <div className="flex flex-wrap items-center gap-x-2 px-1 text-sm text-soft">{children}</div>
    </div>
  )
}
