import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'

/** To the second, as a log needs it. */
export function useMomentText(): (at: string) => string {
  const { i18n } = useTranslation()
  return useMemo(() => {
    const format = new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium', timeStyle: 'medium' })
    return (at) => format.format(new Date(at))
  }, [i18n.language])
}

/** From the value of an `<input type="datetime-local">`, which speaks of the reader's own clock. */
export function instantOf(local: string): string | undefined {
  const date = new Date(local)
  return local === '' || Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

export function localOf(instant: string | null): string {
  const date = new Date(instant ?? Number.NaN)
  if (Number.isNaN(date.getTime())) return ''
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
