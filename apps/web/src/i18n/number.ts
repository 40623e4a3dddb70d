import { localeOf } from './language'

const formats = new Map<string, Intl.NumberFormat>()

/** A number as it is written in a language where the reader lives. */
export function writtenNumber(value: number, language: string): string {
  // Small numbers look alike in our languages, and the first formatter costs a slow phone a tenth of a second.
  if (Number.isInteger(value) && value >= 0 && value < 1000) return String(value)
  const format = formats.get(language) ?? new Intl.NumberFormat(localeOf(language))
  formats.set(language, format)
  return format.format(value)
}
