import { answerTo } from '@/api/answer'
import { COMMUNITY_NAME } from '@/api/kept'
import type { BookCard } from '@/features/catalogue'
import { wide } from '@/features/catalogue/first-look'
import { firstWords, type FirstWords } from '@/i18n/first-words'
import { preferredLanguage, type Language } from '@/i18n/language'
import { writtenNumber } from '@/i18n/number'
import { draw } from './draw'
import { FirstPage } from './FirstPage'
import { keepTyping } from './keep-typing'

/** What of the first look the app goes on with. */
export interface FirstLook {
  /** The answer with the first books, for a visitor who begins with them. */
  books: Promise<Response> | undefined
  /** The app draws now: nothing is drawn before it any more. */
  end: () => void
}

/**
 * Draws the first list before the app is there: on a slow phone its code comes half a second after the books. The app
 * draws its own over it, in one step. `public/theme.js` decides who sees it: whoever has the list preloaded.
 */
export function startFirstLook(root: HTMLElement): FirstLook {
  const asked = document.querySelector<HTMLLinkElement>('link[rel="preload"][as="fetch"]')?.href
  const books = asked ? answerTo(asked) : undefined
  let ended = false
  if (books)
    // Without it the app tells what is wrong.
    drawWhenThere(root, books, () => ended).catch(() => {})
  return {
    books,
    end() {
      ended = true
      keepTyping(root)
    },
  }
}

async function drawWhenThere(root: HTMLElement, books: Promise<Response>, late: () => boolean): Promise<void> {
  const language = preferredLanguage()
  const [answer, words] = await Promise.all([books, firstWords[language]()])
  if (!answer.ok) return
  const { data, pagination } = (await answer.clone().json()) as { data: BookCard[]; pagination: { total: number } }
  if (data.length === 0 || late()) return
  // Words are parted by the rules of their language.
  document.documentElement.lang = language
  const name = localStorage.getItem(COMMUNITY_NAME)
  const count = countOf(pagination.total, words, language)
  const page = document.createElement('div')
  page.dataset.firstLook = ''
  draw(<FirstPage words={words} name={name} books={data} count={count} wide={wide().matches} />, page)
  root.replaceChildren(page)
}

function countOf(total: number, { catalogue: { browse } }: FirstWords, language: Language): string {
  // In our languages small counts differ by one alone, and the rules cost a slow phone much.
  const plural = total < 1000 ? (total === 1 ? 'one' : 'other') : new Intl.PluralRules(language).select(total)
  const sentences: Record<string, string> = browse
  return (sentences[`count_${plural}`] ?? browse.count_other).replace('{{formatted}}', writtenNumber(total, language))
}
