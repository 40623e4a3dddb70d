import {
  AlarmClock,
  Bell,
  BookCheck,
  BookX,
  CalendarClock,
  CircleCheck,
  CircleX,
  Flag,
  Hand,
  ListOrdered,
  MessageSquare,
  Scale,
  type IconNode,
} from 'lucide'

const kinds: Record<string, { icon: IconNode; late?: true }> = {
  'borrow.created': { icon: Hand },
  'borrow.promoted': { icon: Hand },
  'borrow.answer_reminder': { icon: Hand },
  'borrow.queued': { icon: ListOrdered },
  'borrow.approved': { icon: CircleCheck },
  'borrow.rejected': { icon: CircleX },
  'borrow.cancelled': { icon: CircleX },
  'borrow.expired': { icon: CircleX },
  'borrow.handed_over': { icon: BookCheck },
  'borrow.extension_requested': { icon: CalendarClock },
  'borrow.extension_refused': { icon: CircleX },
  'borrow.extended': { icon: CalendarClock },
  'borrow.due_soon': { icon: CalendarClock },
  'borrow.due_today': { icon: AlarmClock },
  'borrow.overdue': { icon: AlarmClock, late: true },
  'borrow.return_declared': { icon: BookCheck },
  'borrow.returned': { icon: BookCheck },
  'borrow.lost': { icon: BookX, late: true },
  'borrow.disputed': { icon: Scale, late: true },
  'borrow.resolved': { icon: Scale },
  'borrow.message_sent': { icon: MessageSquare },
  'user.reported': { icon: Flag, late: true },
  'user.report_answered': { icon: Flag },
}

/** How a notification looks by what caused it. */
export function kindOf(type: string): { icon: IconNode; late?: true } {
  return kinds[type] ?? { icon: Bell }
}
