import i18next, { type BackendModule } from 'i18next'
import { initReactI18next } from 'react-i18next'

export const languages = ['en', 'fr'] as const
export type Language = (typeof languages)[number]

const STORED = 'folkshelf.language'

type Words = { default: Record<string, unknown> }
const files = import.meta.glob<Words>(['./*/??.json', '../features/*/locales/??.json'])

/** Each namespace is a file of its own per language, fetched when a page first needs it. */
const lazyFiles: BackendModule = {
  type: 'backend',
  init() {},
  read(language, namespace, done) {
    const load = files[`./${namespace}/${language}.json`] ?? files[`../features/${namespace}/locales/${language}.json`]
    if (!load) return done(new Error(`no words: ${namespace} in ${language}`), null)
    load().then(
      (words) => done(null, words.default),
      (error: Error) => done(error, true),
    )
  },
}

/** Which of our languages a tag such as `fr-CA` means. */
export function spokenLanguage(tag: string | null | undefined): Language | undefined {
  return languages.find((language) => language === tag?.split('-')[0])
}

/** The language chosen here before, else the first of the browser's that we speak. */
export function preferredLanguage(): Language {
  const stored = spokenLanguage(localStorage.getItem(STORED))
  return stored ?? navigator.languages.map(spokenLanguage).find((language) => language !== undefined) ?? 'en'
}

export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(STORED, language)
  await i18next.changeLanguage(language)
}

i18next.on('languageChanged', (language) => {
  document.documentElement.lang = language
})

export function startI18n(language: Language = preferredLanguage()) {
  return i18next
    .use(lazyFiles)
    .use(initReactI18next)
    .init({
      lng: language,
      supportedLngs: languages,
      fallbackLng: false,
      ns: ['common', 'errors'],
      defaultNS: 'common',
      interpolation: { escapeValue: false },
      returnNull: false,
    })
}

export { i18next as i18n }
