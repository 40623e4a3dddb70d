/** As the browser's field for a date and a time wants it: the reader's own clock, to the minute. */
export function localMoment(date: Date): string {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
