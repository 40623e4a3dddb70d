/**
 * Gives the present entry of the browser's history a key of its own, which it keeps over a reload. The router calls each
 * page that was loaded as a whole "default", so that an address opened in the same tab would take over the scroll position
 * of the one before.
 */
export function keepEntryKey(): void {
  const state = history.state as { key?: string } | null
  if (!state?.key) history.replaceState({ ...state, key: Math.random().toString(36).slice(2, 10) }, '')
}
