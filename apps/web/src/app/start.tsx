import { firstWords } from '@/i18n/first-words'
import { preferredLanguage } from '@/i18n/language'
import '@/ui/theme.css'
import { draw } from './first-look/draw'
import { startFirstLook } from './first-look/first-look'
import { NotStarted } from './first-look/NotStarted'
import { reloadWhenOutdated } from './reload-when-outdated'

// This is small and comes over the line before the app.

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')

reloadWhenOutdated()
const firstLook = startFirstLook(root)
let fetched = false

/** What was drawn before the app leads nowhere without it. */
async function fail(error: unknown, root: HTMLElement): Promise<void> {
  reportError(error)
  firstLook.end()
  root.replaceChildren()
  const language = preferredLanguage()
  document.documentElement.lang = language
  draw(NotStarted({ words: await firstWords[language](), fetched }), root)
}

async function startApp(root: HTMLElement): Promise<void> {
  const main = (await import('./main')) as typeof import('./main') | undefined
  fetched = true
  // Without it the page is about to be loaded anew.
  await main?.start(root, firstLook, (error) => void fail(error, root))
}

// Not awaited here: the app's files import from this one, and would wait for it in turn.
startApp(root).catch((error: unknown) => fail(error, root))
