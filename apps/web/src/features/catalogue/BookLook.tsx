import type { ReactNode } from 'react'
import { classes } from '@/ui/classes'
import { Icon } from '@/ui/Icon'
import { Written, WrittenList } from '@/ui/Written'
import { standingLooks, type Standing } from './standing'

const tones = { free: 'text-free', neutral: 'text-soft', late: 'text-late' }

/** A book in a list. Without hooks: the first look draws it too. */
export function BookLook({
  cover,
  title,
  authors,
  standing,
  standingName,
}: {
  cover: ReactNode
  /** The title, as the link to the book. */
  title: ReactNode
  authors: readonly string[]
  standing: Standing
  standingName: string
}) {
  const { icon, tone } = standingLooks[standing]
  return (
    <li className="group relative row-span-3 grid min-w-0 grid-rows-subgrid gap-y-0">
      {cover}
      <div className="mt-3 min-w-0 text-[0.9375rem]/5">
        <Written as="h2" className="text-left font-sans text-wrap">
          {title}
        </Written>
        <WrittenList as="p" className="truncate text-left text-sm/5 text-soft" items={authors} />
      </div>
      <p className={classes('mt-1 flex items-center gap-1.5 text-sm/5 font-medium', tones[tone])}>
        <Icon of={icon} className="size-4 shrink-0" />
        <span className="truncate">{standingName}</span>
      </p>
    </li>
  )
}
