export const languages = ['en', 'fr'] as const
export type Language = (typeof languages)[number]

export const STORED = 'folkshelf.language'

/** Which of our languages a tag such as `fr-CA` means. */
export function spokenLanguage(tag: string | null | undefined): Language | undefined {
  return languages.find((language) => language === tag?.split('-')[0])
}

/** The language chosen here before, else the first of the browser's that we speak. */
export function preferredLanguage(): Language {
  const stored = spokenLanguage(localStorage.getItem(STORED))
  return stored ?? navigator.languages.map(spokenLanguage).find((language) => language !== undefined) ?? 'en'
}

/** The language as it is written where the reader lives: days before months for `en-GB`. */
export function localeOf(language: string): string {
  return navigator.languages.find((tag) => tag.split('-')[0] === language) ?? language
}
