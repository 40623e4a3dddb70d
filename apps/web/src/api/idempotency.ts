import { isTransient } from './problem'

/** `crypto.randomUUID` is missing where the page came over plain HTTP. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/**
 * One key for each intention. An attempt of which nobody knows whether it arrived leaves its key behind, so that the
 * same intention, tried again, is carried out once.
 */
export class Intentions {
  #last: { intention: string; key: string } | undefined

  keyFor(input: unknown): string {
    const intention = JSON.stringify(input) ?? ''
    if (this.#last?.intention !== intention) this.#last = { intention, key: randomKey() }
    return this.#last.key
  }

  /** The attempt has ended, with an answer or without. */
  settled(error?: unknown) {
    if (!isTransient(error)) this.#last = undefined
  }
}
