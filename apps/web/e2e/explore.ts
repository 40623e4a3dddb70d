import type { Locator, Request } from '@playwright/test'
import { expect, type Page } from './fixtures'
import { drawn, settled } from './inspect'

/** Of a list the first rows stand for all. */
const MOST = 10

/**
 * Unfolds what is folded on a page. Then opens each dialog, sheet and menu that the page has a button for, and those that
 * a menu leads to. `look` looks at each.
 * Nothing is sent: what is asked of the host is refused. Returns how many opened.
 */
export async function explore(page: Page, look: (name: string) => Promise<void>): Promise<number> {
  await page.route('**/api/v1/**', (route) =>
    route.request().method() === 'GET' || route.request().url().includes('/auth/refresh-token')
      ? route.fallback()
      : route.fulfill({ status: 409, json: { success: false, error: REFUSED, statusCode: 409 } }),
  )
  const address = page.url()
  const back = async () => {
    if (page.url() === address) return
    await page.goto(address)
    await settled(page)
  }
  let opened = await unfold(page, look)
  const opens = openerOf(page)
  const seen = new Set<string>()
  const buttons = page.locator('#main button:visible:enabled:not([type=submit])')
  for (let place = 0; place < (await buttons.count()) && seen.size < MOST; place += 1) {
    const kind = await kindOf(buttons.nth(place))
    if (seen.has(kind)) continue
    seen.add(kind)
    if (await opens(buttons.nth(place))) {
      opened += 1
      await look(`${seen.size}`)
      const items = page.getByRole('menuitem')
      for (let item = 0; item < (await items.count()); item += 1) {
        if (await opens(items.nth(item))) {
          opened += 1
          await look(`${seen.size}-${item + 1}`)
          await close(page)
        }
        await back()
        await settled(page)
        await opens(buttons.nth(place))
      }
      await close(page)
    }
    await back()
  }
  return opened
}

/** Parts that a page shows on demand, such as the history of a book. They stay open. Returns how many. */
async function unfold(page: Page, look: (name: string) => Promise<void>): Promise<number> {
  const folded = page.locator(
    '#main :is(details:not([open]) > summary, button[aria-expanded=false]:not([aria-haspopup])):visible',
  )
  let unfolded = 0
  for (let left = await folded.count(); left > 0 && unfolded < MOST; left = await folded.count()) {
    await folded.first().focus()
    await page.keyboard.press('Enter')
    await expect(folded).toHaveCount(left - 1)
    unfolded += 1
    await look(`unfolded-${unfolded}`)
  }
  return unfolded
}

const REFUSED = { code: 'CONFLICT', message: 'Not while it is looked at.', details: [] }
const open = (page: Page, dialog = false): Locator =>
  page
    .locator(`:is([role=dialog], [role=alertdialog]${dialog ? '' : ', [role=menu]'}):not([aria-modal=false]):visible`)
    .first()

/** Buttons that look and read alike open the same thing; those of a table's rows even if they read otherwise. */
async function kindOf(button: Locator): Promise<string> {
  return button.evaluate((element) => {
    const { className, textContent: words } = element
    return `${className} ${element.closest('td, th') !== null || words.length > 40 || words}`
  })
}

/**
 * Presses a button by the keyboard, since what a message lies on can be reached all the same, and says whether something
 * opened on the page. One that says that it opens something is given the time for it; of any other it is known when
 * the page has drawn what it had to fetch. One that leads to another page opens nothing.
 */
function openerOf(page: Page): (button: Locator) => Promise<boolean> {
  const fetched = new Set<Request>()
  page.on('request', (request) => request.url().endsWith('/stream') || fetched.add(request))
  page.on('requestfinished', (request) => fetched.delete(request))
  page.on('requestfailed', (request) => fetched.delete(request))
  return async (button) => {
    const announced = (await button.getAttribute('aria-haspopup')) !== null
    const item = (await button.getAttribute('role')) === 'menuitem'
    const address = page.url()
    await button.focus()
    await page.keyboard.press('Enter')
    const until = Date.now() + 5000
    for (let quiet = 0; quiet < 3 && Date.now() < until; quiet = fetched.size > 0 || announced ? 0 : quiet + 1) {
      await drawn(page)
      if (page.url() !== address) return false
      // The menu of an item goes away before what the item opens is there.
      if (await open(page, item).isVisible()) return true
    }
    return false
  }
}

/** One Escape closes what is open, unless the page is still busy opening it. */
async function close(page: Page): Promise<void> {
  await expect(async () => {
    if (await open(page).isVisible()) await page.keyboard.press('Escape')
    await expect(open(page)).toBeHidden({ timeout: 1000 })
  }).toPass({ timeout: 10_000 })
}
