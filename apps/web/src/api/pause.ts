import { createStore } from '@/store'
import { WAITS_BY_ITSELF } from './problem'

/** Seconds that the host has asked to wait, while that time is not over. Requests go on by themselves then. */
export const pause = createStore<number | undefined>(undefined)

let end: ReturnType<typeof setTimeout> | undefined

/** Notes what a refusal asks for. */
export function notePause({ status, headers }: Response): void {
  if (status !== 429) return
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  if (!(seconds > 0 && seconds <= WAITS_BY_ITSELF)) return
  clearTimeout(end)
  pause.set(seconds)
  end = setTimeout(() => pause.set(undefined), seconds * 1000)
}
