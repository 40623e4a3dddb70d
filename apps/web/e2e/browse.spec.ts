import type { Community } from './community'
import { expect, test, type Page } from './fixtures'
import { settled } from './inspect'

const list = (page: Page) => page.getByRole('main').locator('a[href^="/books/"]')
const search = (page: Page) => page.getByRole('main').getByRole('combobox', { name: 'Search for a book' })

/** More books than one page of the list holds, all of them in a category of their own. */
async function manyBooks(community: Community, category: string): Promise<void> {
  const owner = await community.register('Olivia')
  for (let number = 1; number <= 60; number += 1)
    await community.book(owner, `Volume ${number} of ${category}`, { categories: [category] })
}

test('a slip of the pen still finds the book', async ({ community, visitor }) => {
  const owner = await community.register('Oskar')
  await community.book(owner, 'The Quixotic Lighthouse', { authors: ['Wilhelmina Farthingale'] })
  const page = await visitor()
  await page.goto('/')
  await page.getByRole('searchbox').or(search(page)).fill('quixotik lighthuose')
  await expect(list(page).first()).toHaveText('The Quixotic Lighthouse')
  await expect(page).toHaveURL(/\?q=quixotik\+lighthuose$/)
  await page.reload()
  await expect(list(page).first()).toHaveText('The Quixotic Lighthouse')
})

test('a suggestion is chosen with the keyboard alone', async ({ community, visitor }) => {
  const owner = await community.register('Ottilie')
  await community.book(owner, 'Zephyrine at Sea', { authors: ['Balthasar Quillfeather'] })
  const page = await visitor({ wide: true })
  await page.goto('/')
  await expect(search(page)).toBeVisible()
  await search(page).focus()
  await page.keyboard.type('quillf')
  await expect(page.getByRole('option', { name: /Balthasar Quillfeather/ })).toBeVisible()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(search(page)).toHaveValue('Balthasar Quillfeather')
  await expect(page).toHaveURL(/q=Balthasar\+Quillfeather/)
  await expect(list(page).first()).toHaveText('Zephyrine at Sea')
})

test('filters are kept in the address and taken away one by one', async ({ community, visitor }) => {
  const owner = await community.register('Odile')
  await community.book(owner, 'Free Volume', { categories: ['Basketry'], language: 'fr' })
  const promised = await community.book(owner, 'Promised Volume', { categories: ['Basketry'], language: 'fr' })
  await community.book(owner, 'Kept Volume', { categories: ['Basketry'], language: 'fr', lending: 'off' })
  const reader = await community.register('Finn')
  await community.step(owner, await community.asks(reader, promised), 'approve', {})
  const page = await visitor()
  await page.goto(`/?category=basketry&owner=${owner.id}`)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Books of Odile')
  await expect(list(page)).toHaveCount(2)
  await page.getByRole('button', { name: 'Available now' }).click()
  await expect(list(page)).toHaveCount(1)
  await expect(page).toHaveURL(/available=true/)
  await page.goBack()
  await expect(list(page)).toHaveCount(2)
  await page.goForward()
  await expect(list(page)).toHaveCount(1)
  await page.getByRole('button', { name: 'Available now' }).click()
  await expect(list(page)).toHaveCount(2)
  await page.getByRole('link', { name: 'Clear the filters' }).click()
  await expect(page).toHaveURL(/\/$/)
})

test('the back button leads to where one was in a long list', async ({ community, visitor }) => {
  await manyBooks(community, 'Lighthouses')
  const page = await visitor()
  await page.goto('/?category=Lighthouses')
  const last = page.getByRole('link', { name: 'Volume 5 of Lighthouses' })
  while (!(await last.isVisible())) await page.mouse.wheel(0, 2000)
  await last.scrollIntoViewIfNeeded()
  const before = await page.evaluate(() => scrollY)
  expect(before).toBeGreaterThan(3000)
  await last.click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Volume 5 of Lighthouses')
  expect(await page.evaluate(() => scrollY)).toBe(0)
  await page.getByRole('link', { name: 'All books', exact: true }).click()
  await expect(last).toBeInViewport()
  await expect.poll(() => page.evaluate(() => scrollY)).toBe(before)
  await page.goForward()
  await page.goBack()
  await expect(last).toBeInViewport()
})

test('an address opened in the same tab begins at its top, and going back leads to where one was', async ({
  community,
  visitor,
}) => {
  await manyBooks(community, 'Windmills')
  const page = await visitor()
  await page.goto('/?category=Windmills')
  await expect(list(page).first()).toBeVisible()
  // What comes late above the list would move the position, and the browser would keep the moved one.
  await settled(page)
  await page.evaluate(() => scrollTo(0, 1500))
  await page.goto('/?category=Windmills&sort=title')
  await expect(list(page).first()).toBeVisible()
  await settled(page)
  expect(await page.evaluate(() => scrollY)).toBe(0)
  await page.evaluate(() => scrollTo(0, 700))
  await page.reload()
  await expect.poll(() => page.evaluate(() => scrollY)).toBe(700)
  await page.goBack()
  await expect.poll(() => page.evaluate(() => scrollY)).toBe(1500)
})

test('the first book is near the top of a phone', async ({ community, visitor, signedIn }) => {
  const member = await community.register('Oona')
  for (const language of ['en', 'fr'] as const) {
    for (const page of [await visitor({ language }), await signedIn(member, { language })]) {
      await page.setViewportSize({ width: 390, height: 844 })
      for (const address of ['/', '/?available=true', '/?q=the']) {
        await page.goto(address)
        await settled(page)
        const cover = await page.getByRole('main').getByRole('listitem').locator('.aspect-2\\/3').first().boundingBox()
        expect(cover?.y, `${address} in ${language}`).toBeLessThanOrEqual(240)
      }
    }
  }
})

test('nothing moves when the fonts come late', async ({ visitor }) => {
  const page = await visitor()
  let deliver = () => {}
  const late = new Promise<void>((resolve) => (deliver = resolve))
  await page.route('**/*.woff2', async (route) => {
    await late
    await route.continue()
  })
  await page.addInitScript(() => {
    Object.assign(window, { moved: 0 })
    new PerformanceObserver((entries) => {
      for (const entry of entries.getEntries())
        (window as unknown as { moved: number }).moved += (entry as unknown as { value: number }).value
    }).observe({ type: 'layout-shift', buffered: true })
  })
  await page.goto('/')
  await expect(list(page).first()).toBeVisible()
  deliver()
  await settled(page)
  await page.waitForFunction(
    () => document.fonts.check("16px 'Source Sans 3 Variable'") && document.fonts.check("16px 'Literata Variable'"),
  )
  await settled(page)
  expect(await page.evaluate(() => (window as unknown as { moved: number }).moved)).toBeLessThan(0.02)
})

test('a visitor who asks for a book logs in and comes back to the same sheet', async ({ community, visitor }) => {
  const [owner, borrower] = [await community.register('Orla'), await community.register('Finn')]
  const book = await community.book(owner, 'A Sheet to Come Back To')
  const page = await visitor()
  await page.goto(`/books/${book.id}`)
  await page.getByRole('link', { name: 'Ask to borrow' }).click()
  await page.getByLabel('Mail address').fill(borrower.email)
  await page.getByLabel('Password', { exact: true }).fill(borrower.password)
  await page.getByRole('main').getByRole('button', { name: 'Log in' }).click()
  const sheet = page.getByRole('dialog', { name: 'Ask Orla for this book' })
  await sheet.getByText('14 days').click()
  await sheet.getByLabel(/Message to Orla/).fill('Saturday would be fine.')
  await sheet.getByRole('button', { name: 'Send the request' }).click()
  await expect(sheet).toBeHidden()
  await expect(page.getByText('You have asked for it. Orla has yet to answer.')).toBeVisible()
  await expect(page).toHaveURL(new RegExp(`/books/${book.id}$`))
  const { data } = await borrower.api.GET('/api/v1/borrows', { params: { query: { role: 'borrower' } } })
  expect(data?.data).toMatchObject([{ days: 14, message: 'Saturday would be fine.', status: 'pending' }])
  await page.getByRole('link', { name: 'See your request' }).click()
  await expect(page).toHaveURL(/\/loans\//)
})

test('a book that is gone, or never was, is a page that leads on', async ({ visitor, troubles }) => {
  troubles.expect(/40[04]/)
  const page = await visitor()
  await page.goto('/books/01a0cdbe-40ed-71d8-8330-f7d6c122ddc0')
  await expect(page.getByRole('heading', { name: 'This book is not here' })).toBeVisible()
  await page.goto('/books/nonsense')
  await page.getByRole('link', { name: 'Browse the books' }).click()
  await expect(list(page).first()).toBeVisible()
})

test('the last line of a drawn cover is whole, and nothing of the next is seen', async ({ community, visitor }) => {
  const owner = await community.register('Oddny')
  const category = 'Descenders'
  const long = 'Jumping Gypsy Quay, Happy Puppy Pigsty, Gaudy Quilt Jargon, '.repeat(4)
  for (const title of ['Gypsy', 'Jumping Gypsy Quay', long])
    await community.book(owner, title, { authors: ['Peggy Yapp-Quigley', long.slice(0, 190)], categories: [category] })
  const page = await visitor()
  for (const width of [320, 390, 1280]) {
    await page.setViewportSize({ width, height: 900 })
    await page.goto(`/?category=${category}`)
    await settled(page)
    const lines = await page.evaluate(() => {
      const pencil = document.createElement('canvas').getContext('2d')!
      return [...document.querySelectorAll('main li [aria-hidden] span[dir="auto"]')].map((text) => {
        const style = getComputedStyle(text)
        pencil.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`
        const { fontBoundingBoxAscent, actualBoundingBoxDescent, actualBoundingBoxAscent } =
          pencil.measureText('gjpqyQ')
        const range = document.createRange()
        range.selectNodeContents(text)
        const edge = text.getBoundingClientRect().bottom
        const baselines = [...new Set([...range.getClientRects()].map(({ top }) => top + fontBoundingBoxAscent))]
        const shown = baselines.filter((baseline) => baseline < edge)
        const next = baselines.find((baseline) => baseline >= edge)
        return {
          text: text.textContent!.slice(0, 20),
          // Of the last line to the edge, and from the edge to the next line that is hidden.
          below: edge - (shown.at(-1)! + actualBoundingBoxDescent),
          above: next === undefined ? 0 : next - actualBoundingBoxAscent - edge,
        }
      })
    })
    expect(lines.length).toBe(6)
    expect(lines.filter(({ below, above }) => below < -0.5 || above < -0.5)).toEqual([])
  }
})
