/** The blocks that Unicode keeps for scripts written from right to left, and the marks that turn the direction. */
const TURNS =
  /[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u
const CONTROLS = /[\u202a-\u202e\u2066-\u2069]/gu

/**
 * A member's text for use inside a sentence that is a plain string: an Arabic name neither turns the words around it nor
 * is turned by them. Between elements use `<Written>`, which needs no marks in the text.
 */
export function isolated(text: string): string {
  return TURNS.test(text) ? `\u2068${text.replaceAll(CONTROLS, '')}\u2069` : text
}
