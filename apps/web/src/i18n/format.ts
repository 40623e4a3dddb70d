import { useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { localeOf } from './language'
import { writtenNumber } from './number'
import { communityZone } from './zone'

const DAY = 86_400_000

type Instant = string | Date

function toDate(value: Instant): Date {
  return typeof value === 'string' ? new Date(value) : value
}

/** A day of the calendar, counted. */
function dayNumber(date: Date, zone: string | undefined): number {
  if (!zone) return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / DAY
  const options = { timeZone: zone, year: 'numeric', month: 'numeric', day: 'numeric' } as const
  const parts = new Intl.DateTimeFormat('en', options).formatToParts(date)
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value)
  return Date.UTC(part('year'), part('month') - 1, part('day')) / DAY
}

/** Whole days from today to that day, by the community's calendar. Negative: it is past. */
export function daysFromToday(value: Instant, now: Date = new Date(), zone = communityZone.get()): number {
  return dayNumber(toDate(value), zone) - dayNumber(now, zone)
}

export function isPast(value: Instant, now: Date = new Date()): boolean {
  return toDate(value).getTime() < now.getTime()
}

/** Each formatter costs a slow phone many milliseconds: it is made when it is needed. */
function once<Made>(make: () => Made): () => Made {
  let made: Made | undefined
  return () => (made ??= make())
}

function formatsOf(language: string, timeZone: string | undefined) {
  const day = once(() => new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone }))
  const shortDay = once(() => new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', timeZone }))
  const moment = once(() => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }))
  const instant = once(() => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }))
  const percent = once(() => new Intl.NumberFormat(language, { style: 'percent' }))
  const megabytes = once(
    () => new Intl.NumberFormat(language, { style: 'unit', unit: 'megabyte', maximumFractionDigits: 0 }),
  )
  const relative = once(() => new Intl.RelativeTimeFormat(language, { numeric: 'auto' }))
  const list = once(() => new Intl.ListFormat(language, { type: 'conjunction' }))
  const languageNames = once(() => new Intl.DisplayNames(language, { type: 'language' }))

  return {
    /** Days are the community's: a book is due on the same day for both, wherever they are. */
    day: (value: Instant) => day().format(toDate(value)),
    shortDay: (value: Instant) => shortDay().format(toDate(value)),
    /** By the reader's own clock. */
    moment: (value: Instant) => moment().format(toDate(value)),
    /** To the second, as a log needs it. */
    instant: (value: Instant) => instant().format(toDate(value)),
    number: (value: number) => writtenNumber(value, language),
    /** From 0 to 1. */
    percent: (value: number) => percent().format(value),
    megabytes: (bytes: number) => megabytes().format(bytes / 1024 / 1024),
    /** "tomorrow", "in 3 days", "2 days ago". */
    relativeDay: (value: Instant, now?: Date) => relative().format(daysFromToday(value, now, timeZone), 'day'),
    /** "2 minutes ago", "yesterday", and the date itself once it is more than a week away. */
    ago(value: Instant, now: Date = new Date()) {
      const seconds = (toDate(value).getTime() - now.getTime()) / 1000
      const distance = Math.abs(seconds)
      if (distance < 60) return relative().format(0, 'second')
      if (distance < 3600) return relative().format(Math.trunc(seconds / 60), 'minute')
      if (distance < 24 * 3600) return relative().format(Math.trunc(seconds / 3600), 'hour')
      const days = daysFromToday(value, now, timeZone)
      return Math.abs(days) <= 7 ? relative().format(days, 'day') : day().format(toDate(value))
    },
    /** "Ada, Grace and Linus". */
    list: (items: readonly string[]) => list().format(items),
    /** The name of a language by its code: "French" for `fr`. What is no code, as in a member's file, stays as it is. */
    languageName(code: string) {
      try {
        return languageNames().of(code) ?? code
      } catch {
        return code
      }
    },
  }
}

export type Formats = ReturnType<typeof formatsOf>

const made = new Map<string, Formats>()

/** Dates and numbers in the words of a language, days by the calendar of a time zone (without it, the reader's). */
export function formats(language: string, timeZone?: string): Formats {
  const key = `${language} ${timeZone}`
  const known = made.get(key) ?? formatsOf(language, timeZone)
  made.set(key, known)
  return known
}

export function useFormats(): Formats {
  const { i18n } = useTranslation()
  return formats(localeOf(i18n.language), useSyncExternalStore(communityZone.subscribe, communityZone.get))
}
