/** Milliseconds in which a page shows what it was opened for. */
const FIRST_LOOK = 2000

/** Fetches a part of the app that may be needed when there is no line to fetch it. Returns how to call it off. */
export function fetchAhead(load: () => Promise<unknown>): () => void {
  const timer = setTimeout(() => void load().catch(() => {}), FIRST_LOOK)
  return () => clearTimeout(timer)
}
