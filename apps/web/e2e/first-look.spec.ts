import { expect, test, type Page } from './fixtures'
import { HOSTILE } from './hostile'
import { misplaced } from './misplaced'

const APP = /\/assets\/(vendor|app|main)-/
const BOOKS = /\/api\/v1\/books\?/

const firstLook = (page: Page) => page.locator('[data-first-look]')
const list = (page: Page) => page.getByRole('main').locator('a[href^="/books/"]')
const box = (page: Page) => page.getByRole('main').getByLabel('Search for a book')

/** Requests wait until the returned function is called. */
async function hold(page: Page, wanted: RegExp): Promise<() => void> {
  let release = () => {}
  const released = new Promise<void>((resolve) => (release = resolve))
  await page.route(wanted, async (route) => {
    await released
    await route.continue()
  })
  return release
}

/** Each element in sight: what it is, what stands in it, and where it is. */
function inSight(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    await document.fonts.ready
    // The column of filters is fetched after the list.
    return [...document.querySelectorAll('#root *:not(aside, aside *, option, [data-first-look])')].flatMap(
      (element) => {
        const { x, y, width, height } = element.getBoundingClientRect()
        if (y >= innerHeight || width * height === 0) return []
        const words = [...element.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE)
        const text = words.map(({ nodeValue }) => nodeValue).join('')
        // What follows below the screen makes it longer.
        const at = [x, y, width, Math.min(height, innerHeight - y)].map((number) => Math.round(number * 10) / 10)
        return [`${element.tagName} ${element.getAttribute('class') ?? ''} at ${at.join(' ')}: ${text}`]
      },
    )
  })
}

/** What moves on the page from now on, as the browser sees it. */
async function watchShifts(page: Page): Promise<() => Promise<string[]>> {
  const moved = await page.evaluateHandle(() => {
    interface Shift extends PerformanceEntry {
      value: number
      sources: { node?: Element; previousRect: DOMRect; currentRect: DOMRect }[]
    }
    const moved: string[] = []
    const rect = ({ x, y, width, height }: DOMRect) => [x, y, width, height].join(' ')
    new PerformanceObserver((entries) => {
      for (const { value, sources } of entries.getEntries() as Shift[])
        for (const { node, previousRect, currentRect } of sources)
          moved.push(`${value}: ${node?.outerHTML?.slice(0, 80)} from ${rect(previousRect)} to ${rect(currentRect)}`)
    }).observe({ type: 'layout-shift' })
    return moved
  })
  return () => moved.evaluate((moved) => moved)
}

for (const look of [
  { language: 'en' },
  { language: 'fr', dark: true },
  { language: 'fr', wide: true },
  { language: 'en', wide: true, dark: true },
] as const) {
  const name = Object.keys(look)
    .filter((key) => key !== 'language')
    .join(' and ')
  test(`the app takes the place of the first look to the pixel: ${name || 'phone'}, ${look.language}`, async ({
    visitor,
  }) => {
    const page = await visitor(look)
    const release = await hold(page, APP)
    await page.goto('/', { waitUntil: 'commit' })
    await expect(firstLook(page)).toBeVisible()
    const drawn = 'wide' in look ? 10 : 6
    await expect(list(page)).toHaveCount(drawn)
    const before = await inSight(page)
    await page.screenshot({ path: `${import.meta.dirname}/shots/first-look.${Object.values(look).join('.')}.png` })

    const shifts = await watchShifts(page)
    release()
    await expect(firstLook(page)).toHaveCount(0)
    expect(await inSight(page)).toEqual(before)
    await expect(list(page)).not.toHaveCount(drawn)
    expect(await shifts()).toEqual([])
  })
}

test('a link of the first look leads to its book without the app', async ({ visitor }) => {
  const page = await visitor()
  const release = await hold(page, APP)
  await page.goto('/', { waitUntil: 'commit' })
  const title = await list(page).first().innerText()
  await list(page).first().click({ noWaitAfter: true })
  await expect(page).toHaveURL(/\/books\//)
  release()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(title)
})

test('what was typed before the app is there is searched for', async ({ community, visitor }) => {
  const owner = await community.register('Olivier')
  await community.book(owner, 'Xylography for Beginners')
  const page = await visitor()
  const release = await hold(page, APP)
  await page.goto('/', { waitUntil: 'commit' })
  await box(page).pressSequentially('xylogra')
  release()
  await expect(firstLook(page)).toHaveCount(0)
  await expect(box(page)).toBeFocused()
  await page.keyboard.type('phy')
  await expect(list(page).first()).toHaveText('Xylography for Beginners')
  await expect(box(page)).toHaveValue('xylography')
})

test('hostile titles are words and stay in their places before the app is there', async ({ visitor }) => {
  const titles = [
    '<img src=x onerror="document.title=1"><script>document.title=2</script>',
    HOSTILE.title,
    HOSTILE.arabic,
    HOSTILE.emoji,
    HOSTILE.signs,
    HOSTILE.hebrew,
  ]
  for (const wide of [false, true]) {
    const page = await visitor({ wide })
    await page.route(BOOKS, async (route) => {
      const answer = await route.fetch()
      const body = (await answer.json()) as { data: { title: string; authors: string[] }[] }
      for (const [place, title] of titles.entries())
        Object.assign(body.data[place]!, { title, authors: [title.slice(0, 200), HOSTILE.arabicAuthor] })
      await route.fulfill({ response: answer, json: body })
    })
    const release = await hold(page, APP)
    await page.goto('/', { waitUntil: 'commit' })
    await expect(firstLook(page)).toBeVisible()
    expect((await list(page).allInnerTexts()).slice(0, titles.length)).toEqual(titles)
    expect(await misplaced(page)).toEqual([])
    const before = await inSight(page)
    await page.screenshot({ path: `${import.meta.dirname}/shots/first-look.hostile.${wide ? 'wide' : 'phone'}.png` })
    release()
    await expect(firstLook(page)).toHaveCount(0)
    expect(await inSight(page)).toEqual(before)
  }
})

test('nothing is drawn before the app for members, for a search, and on other pages', async ({
  community,
  signedIn,
  visitor,
}) => {
  const member = await signedIn(await community.register('Oona'))
  const others = [[member, '/'] as const, [await visitor(), '/?q=emma'] as const, [await visitor(), '/login'] as const]
  for (const [page, path] of others) {
    const release = await hold(page, APP)
    const asked = page.waitForRequest(APP)
    await page.goto(path, { waitUntil: 'commit' })
    await asked
    await page.waitForLoadState('domcontentloaded')
    await expect(page.locator('#root')).toBeEmpty()
    release()
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  }
})

test('books that come after the app are shown by it alone', async ({ visitor }) => {
  const page = await visitor()
  const release = await hold(page, BOOKS)
  await page.goto('/')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  release()
  await expect(list(page)).not.toHaveCount(0)
  await expect(firstLook(page)).toHaveCount(0)
})

test('an app that cannot be fetched says so, and leaves no list behind', async ({ visitor, troubles }) => {
  troubles.expect(/ERR_FAILED/, /dynamically imported/, /^uncaught: $/)
  const page = await visitor()
  await page.route(APP, async (route) => {
    // After the first look.
    await expect(firstLook(page)).toBeVisible()
    await route.abort()
  })
  await page.goto('/', { waitUntil: 'commit' })
  await expect(page.getByRole('alert')).toContainText('Folkshelf cannot be reached')
  await expect(firstLook(page)).toHaveCount(0)
  await page.unroute(APP)
  await page.getByRole('link', { name: 'Try again' }).click()
  await expect(list(page)).not.toHaveCount(0)
})
