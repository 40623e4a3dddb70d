import type { TFunction } from 'i18next'
import type { Standing } from '@/features/catalogue'
import { daysFromToday, isPast, type Formats } from '@/i18n/format'
import type { Availability } from './queries'

interface Seen {
  standing: Standing
  owner: string
  own: boolean
  now: Availability
}

/** In sentences: whether the book can be had, when if not, and who else wants it. */
export function outlookText(t: TFunction<'book'>, format: Formats, seen: Seen): string[] {
  if (seen.own) return ownText(t, format, seen)
  if (seen.now.mine) return [mineText(t, format, seen.owner, seen.now, seen.now.mine)]
  const { standing, owner, now } = seen
  const { waiting } = now
  const queue = waiting ? t('outlook.queue', { count: waiting, position: waiting + 1 }) : t('outlook.noQueue')
  const asked = waiting ? [t('outlook.asked', { count: waiting, owner })] : []
  switch (standing) {
    case 'available':
      return [t('outlook.free', { owner }), ...asked]
    case 'give':
      return [t('outlook.giving', { owner }), ...asked]
    case 'reserved':
      return [t('outlook.reserved'), queue]
    case 'on_loan':
      return [returnText(t, format, now.dueAt), queue]
    case 'lost':
      return [t('outlook.lost')]
    case 'withdrawn':
      return [t('outlook.off', { owner })]
  }
}

function returnText(t: TFunction<'book'>, format: Formats, dueAt: string | null | undefined): string {
  if (!dueAt) return t('outlook.unknown')
  const date = format.day(dueAt)
  if (isPast(dueAt) && daysFromToday(dueAt) < 0) return t('outlook.late', { date })
  return t('outlook.due', { date, when: format.relativeDay(dueAt) })
}

function ownText(t: TFunction<'book'>, format: Formats, { standing, now }: Seen): string[] {
  const lines: string[] = [t(`outlook.own.${standing}`)]
  if (standing === 'on_loan') lines.push(returnText(t, format, now.dueAt))
  if (now.waiting) lines.push(t('outlook.own.waiting', { count: now.waiting }))
  return lines
}

function mineText(
  t: TFunction<'book'>,
  format: Formats,
  owner: string,
  { dueAt }: Availability,
  { status, queuePosition }: NonNullable<Availability['mine']>,
): string {
  switch (status) {
    case 'queued':
      return t('outlook.mine.queued', { position: queuePosition ?? 1 })
    case 'active':
      return dueAt ? t('outlook.mine.activeUntil', { date: format.day(dueAt) }) : t('outlook.mine.active')
    case 'pending':
    case 'approved':
    case 'return_pending':
    case 'disputed':
      return t(`outlook.mine.${status}`, { owner })
    default:
      // Closed borrows are none that one has.
      return t('outlook.mine.active')
  }
}
