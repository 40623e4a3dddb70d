export function capitalised(text: string): string {
  const [first = ''] = text
  return first.toLocaleUpperCase() + text.slice(first.length)
}

/** A text that begins with the words for a former member, in the place of a name, begins with a capital letter. */
export function sentence(text: string, formerMember: string): string {
  return formerMember && text.startsWith(formerMember) ? capitalised(text) : text
}
