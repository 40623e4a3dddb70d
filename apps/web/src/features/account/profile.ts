import type { components } from '@/api/schema'
import type { Me } from './queries'

export type ProfileBody = components['schemas']['ProfileBody']

/** What a profile says, as it is sent: all of it, since what is left out is taken away. */
export function describedAs({ name, bio, location, language, timeZone, preferences }: Me): ProfileBody {
  return { name, bio: bio ?? null, location: location ?? null, language, timeZone, preferences }
}

/** Every time zone there is, for a combobox; those in `more` too, should this browser not know them. */
export function timeZones(more: readonly string[]): Array<{ value: string; label: string }> {
  const names = new Set([...more, 'UTC', ...Intl.supportedValuesOf('timeZone')])
  return [...names].toSorted().map((value) => ({ value, label: value.replaceAll('_', ' ').replaceAll('/', ' / ') }))
}

export function timeZoneHere(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}
