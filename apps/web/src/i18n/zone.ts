import { createStore } from '@/store'

const STORED = 'folkshelf.time-zone'

function known(zone: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }))
  } catch {
    return false
  }
}

/** Where the community's days end, which decides on which day a book is due. `undefined`: as where the reader is, or not
    told yet. Remembered, so that no date changes under a reader's eyes. */
export const communityZone = createStore<string | undefined>(remembered())

/** What lies in a browser may have been changed by anybody, and dates of no zone would break every page. */
function remembered(): string | undefined {
  const zone = localStorage.getItem(STORED)
  return zone && known(zone) ? zone : undefined
}

/** What the host says. A zone that this browser has not heard of leaves the reader's own. */
export function learnZone(zone: string): void {
  const readers = Intl.DateTimeFormat().resolvedOptions().timeZone
  const other = zone !== readers && known(zone) ? zone : undefined
  if (other) localStorage.setItem(STORED, other)
  else localStorage.removeItem(STORED)
  communityZone.set(other)
}
