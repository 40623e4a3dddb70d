import { isTransient } from './problem'

/** `crypto.randomUUID` is missing where the page came over plain HTTP. */
export function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Two clicks as close as this are one double click. */
const DOUBLE_CLICK = 600

/**
 * One key for each intention. An attempt of which nobody knows whether it arrived leaves its key behind, so that the
 * same intention, tried again, is carried out once.
 */
export class Intentions {
  #last: { intention: string; key: string } | undefined
  #done: { intention: string; at: number } | undefined

  keyFor(input: unknown): string {
    const intention = nameOf(input)
    if (this.#last?.intention !== intention) this.#last = { intention, key: randomKey() }
    return this.#last.key
  }

  /** The attempt has ended, with an answer or without. */
  settled(input: unknown, error?: unknown) {
    if (!isTransient(error)) this.#last = undefined
    if (!error) this.#done = { intention: nameOf(input), at: performance.now() }
  }

  /** The same was done a moment ago: this is the second half of a double click whose first was answered quickly. */
  justDone(input: unknown): boolean {
    return this.#done?.intention === nameOf(input) && performance.now() - this.#done.at < DOUBLE_CLICK
  }
}

function nameOf(input: unknown): string {
  return JSON.stringify(input) ?? ''
}
