import i18next, { type BackendModule, type PostProcessorModule } from 'i18next'
import { initReactI18next } from 'react-i18next'
import { firstWords } from './first-words'
import { isolated } from './isolate'
import { languages, preferredLanguage, STORED, type Language } from './language'
import { sentence } from './sentence'

export { languages, preferredLanguage, spokenLanguage, type Language } from './language'

type Words = Record<string, unknown>

const firstNamespaces = ['common', 'errors', 'catalogue'] as const
const files = import.meta.glob<Words>(
  ['../features/*/locales/??.json', './refusals/??.json', '!../features/catalogue/**'],
  { import: 'default' },
)

function wordsOf(language: string, namespace: string): Promise<Words | undefined> | undefined {
  if (firstNamespaces.some((first) => first === namespace))
    return firstWords[language as Language]().then((words: Record<string, Words>) => words[namespace])
  const words = files[`../features/${namespace}/locales/${language}.json`] ?? files[`./${namespace}/${language}.json`]
  return words?.()
}

/** Every other namespace is a file of its own per language, fetched when a page first needs it. */
const lazyFiles: BackendModule = {
  type: 'backend',
  init() {},
  read(language, namespace, done) {
    const words = wordsOf(language, namespace)
    if (!words) return done(new Error(`no words: ${namespace} in ${language}`), null)
    words.then(
      (loaded) => done(null, loaded ?? null),
      (error: Error) => done(error, true),
    )
  },
}

const sentences: PostProcessorModule = {
  type: 'postProcessor',
  name: 'sentence',
  process(text: string, _key, _options, { language }: { language: string }) {
    const formerMember: unknown = i18next.getResource(language, 'common', 'formerMember')
    // The words themselves are put into sentences.
    const isPart = typeof formerMember !== 'string' || text === formerMember
    return isPart ? text : sentence(text, formerMember)
  },
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
    .use(sentences)
    .use(initReactI18next)
    .init({
      lng: language,
      supportedLngs: languages,
      fallbackLng: false,
      // i18next adds to the list it is given.
      ns: [...firstNamespaces],
      defaultNS: 'common',
      // React escapes. What is put into a sentence keeps its direction to itself.
      interpolation: { escape: isolated },
      returnNull: false,
      postProcess: [sentences.name],
    })
}

export { i18next as i18n }
