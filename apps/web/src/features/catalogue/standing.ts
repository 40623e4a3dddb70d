import { BookX, CircleCheck, CirclePause, Clock, Gift, type IconNode } from 'lucide'
import type { Book } from './queries'

/** How a book stands, for somebody who would like to have it. */
export type Standing = 'available' | 'give' | 'reserved' | 'on_loan' | 'lost' | 'withdrawn'

export function standingOf({ lending, status }: Pick<Book, 'lending' | 'status'>): Standing {
  return status === 'available' && lending === 'give' ? 'give' : status
}

interface Look {
  icon: IconNode
  tone: 'free' | 'neutral' | 'late'
}

export const standingLooks: Record<Standing, Look> = {
  available: { icon: CircleCheck, tone: 'free' },
  give: { icon: Gift, tone: 'free' },
  reserved: { icon: Clock, tone: 'neutral' },
  on_loan: { icon: Clock, tone: 'neutral' },
  lost: { icon: BookX, tone: 'late' },
  withdrawn: { icon: CirclePause, tone: 'neutral' },
}

/** Whether members may ask for it: to have it now, or to wait for it. */
export function mayBeAskedFor(standing: Standing): boolean {
  return standing !== 'lost' && standing !== 'withdrawn'
}
