import { useTranslation } from 'react-i18next'
import { daysFromToday, isPast, useFormats } from '@/i18n/format'
import { classes } from './classes'

const SOON = 3

/** "due in 3 days · 24 November", "2 days late · …", coloured by urgency. `settled`: it no longer presses. */
export function DueDate({ at, settled = false, className }: { at: string; settled?: boolean; className?: string }) {
  const { t } = useTranslation()
  const format = useFormats()
  const days = daysFromToday(at)
  // The hour counts on the last day: late is what lies in the past.
  const late = !settled && isPast(at)
  const words = settled
    ? undefined
    : late
      ? t(days === 0 ? 'due.lateToday' : 'due.late', { count: Math.abs(days) })
      : t('due.in', { when: format.relativeDay(at) })
  return (
    <span className={classes(late ? 'text-late' : !settled && days <= SOON ? 'text-due' : undefined, className)}>
      {/* Where the line breaks, the dot ends one rather than beginning the next. */}
      {words && <span className="font-medium">{`${words}\u00a0· `}</span>}
      <time dateTime={at} title={format.moment(at)}>
        {format.day(at)}
      </time>
    </span>
  )
}
