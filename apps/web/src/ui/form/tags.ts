/** A tag in one form: composed letters, no blanks around it, one blank between its words. */
export const plainTag = (text: string) => text.normalize('NFC').trim().replaceAll(/\s+/g, ' ')

/** Letters that Unicode does not take apart into a plain letter and a mark. */
const WHOLE_LETTERS: Readonly<Record<string, string>> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', đ: 'd', ł: 'l', ı: 'i' }

/** Words that differ only in case, accents or width fold to the same text. */
export function foldedTag(text: string): string {
  return plainTag(text)
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[ßæœøđłı]/g, (letter) => WHOLE_LETTERS[letter] ?? letter)
}

export const sameTag = (one: string, other: string) => foldedTag(one) === foldedTag(other)

/** These scripts put no space between words: a word may begin anywhere. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u

/** 0: the same; 1: begins the text; 2: begins a word in it; `undefined`: neither. */
function fit(text: string, query: string): number | undefined {
  if (text === query) return 0
  if (text.startsWith(query)) return 1
  for (let at = text.indexOf(query); at >= 0; at = text.indexOf(query, at + 1)) {
    const beginsWord = !/[\p{L}\p{N}]$/u.test(text.slice(0, at)) || UNSPACED.test(query)
    if (beginsWord) return 2
  }
  return undefined
}

/**
 * What to offer for `typed`, best first. The first one is preselected, so a letter in the middle of a word does not
 * count: "art" must not become "Cartography".
 */
export function offeredTags(suggestions: readonly string[], chosen: readonly string[], typed: string): string[] {
  const unused = suggestions.filter((suggestion) => !chosen.some((tag) => sameTag(tag, suggestion)))
  const query = foldedTag(typed)
  if (query === '') return unused
  return unused
    .map((tag) => ({ tag, fit: fit(foldedTag(tag), query) }))
    .filter(({ fit }) => fit !== undefined)
    .toSorted((one, other) => one.fit! - other.fit!)
    .map(({ tag }) => tag)
}
