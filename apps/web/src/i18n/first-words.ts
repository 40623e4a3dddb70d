import type { Language } from './language'

export type FirstWords = Pick<typeof import('./first/en'), 'catalogue' | 'common' | 'errors'>

/** What somebody's first look needs, in one file for each language: each further one is a trip over a slow line. */
export const firstWords: Record<Language, () => Promise<FirstWords>> = {
  en: () => import('./first/en'),
  fr: () => import('./first/fr'),
}
