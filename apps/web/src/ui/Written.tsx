import type { ReactNode } from 'react'
import { isolated } from '@/i18n/isolate'

interface WrittenProps {
  /** The element of a block, above all of one that is cut off. Within a line: nothing. */
  as?: 'bdi' | 'span' | 'p' | 'div' | 'h1' | 'h2' | 'h3' | 'li' | 'dd' | 'blockquote'
  className?: string
  id?: string
  children: ReactNode
}

/**
 * Shows a text that a member wrote: a title, a name, a message, a place. It reads in its own direction, does not turn the
 * words beside it, and breaks anywhere rather than leave its box: `<Written as="p" className="truncate">`.
 */
export function Written({ as: Tag = 'bdi', ...rest }: WrittenProps) {
  return <Tag dir="auto" {...rest} />
}

/** Shows several texts, each in its own direction: the authors of a book. */
export function WrittenList({ items, ...rest }: Omit<WrittenProps, 'children'> & { items: readonly string[] }) {
  return <Written {...rest}>{items.map(isolated).join(', ')}</Written>
}
