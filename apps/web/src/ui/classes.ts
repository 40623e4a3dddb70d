/** Class names that apply, in one string. */
export function classes(...names: Array<string | false | undefined>): string {
  return names.filter(Boolean).join(' ')
}
