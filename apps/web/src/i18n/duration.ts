const units = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const

/** "30 seconds", "15 minutes". Rounded up: whoever waits as long has waited long enough. */
export function duration(seconds: number, language: string): string {
  const [unit, length] = units.find(([, length]) => seconds >= 2 * length) ?? ['second', 1]
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(
    Math.ceil(seconds / length),
  )
}
