import type { Locator } from '@playwright/test'
import { expect, type Page } from './fixtures'
import { settled } from './inspect'

/** Of a list the first rows stand for all. */
const MOST = 10

/**
 * Opens each dialog, sheet and menu that a page has a button for, and those that a menu leads to; `look` looks at each.
 * Nothing is sent: what is asked of the host is refused.
 */
export async function explore(page: Page, look: (name: string) => Promise<void>): Promise<void> {
  await page.route('**/api/v1/**', (route) =>
    route.request().method() === 'GET' || route.request().url().includes('/auth/')
      ? route.fallback()
      : route.fulfill({ status: 409, json: { success: false, error: REFUSED, statusCode: 409 } }),
  )
  const address = page.url()
  const seen = new Set<string>()
  const buttons = page.locator('#main button:visible:enabled:not([type=submit])')
  for (let place = 0; place < (await buttons.count()) && seen.size < MOST; place += 1) {
    const kind = await kindOf(buttons.nth(place))
    if (seen.has(kind)) continue
    seen.add(kind)
    await press(page, buttons.nth(place))
    if (await isOpen(page, buttons.nth(place))) {
      await look(`${seen.size}`)
      const items = page.getByRole('menuitem')
      for (let item = 0; item < (await items.count()); item += 1) {
        await press(page, items.nth(item))
        if (page.url() === address && (await isOpen(page))) {
          await look(`${seen.size}-${item + 1}`)
          await close(page)
        }
        if (page.url() !== address) await page.goto(address)
        await settled(page)
        await press(page, buttons.nth(place))
        await isOpen(page, buttons.nth(place))
      }
      await close(page)
    }
    if (page.url() !== address) {
      await page.goto(address)
      await settled(page)
    }
  }
}

const REFUSED = { code: 'CONFLICT', message: 'Not while it is looked at.', details: [] }
const open = (page: Page): Locator =>
  page.locator(':is([role=dialog], [role=alertdialog], [role=menu]):not([aria-modal=false]):visible').first()

/** Buttons that look and read alike open the same thing. */
async function kindOf(button: Locator): Promise<string> {
  return button.evaluate((element) => `${element.className} ${element.textContent.length > 40 || element.textContent}`)
}

/** By the keyboard: what a message lies on can be reached all the same. */
async function press(page: Page, button: Locator): Promise<void> {
  await button.focus()
  await page.keyboard.press('Enter')
}

/** A button that says that it opens something may have to fetch it first. */
async function isOpen(page: Page, by?: Locator): Promise<boolean> {
  const announced = Boolean(await by?.getAttribute('aria-haspopup'))
  return open(page)
    .waitFor({ timeout: announced ? 5000 : 400 })
    .then(
      () => true,
      () => false,
    )
}

/** One Escape closes what is open, unless the page is still busy opening it. */
async function close(page: Page): Promise<void> {
  await expect(async () => {
    if (await open(page).isVisible()) await page.keyboard.press('Escape')
    await expect(open(page)).toBeHidden({ timeout: 1000 })
  }).toPass({ timeout: 10_000 })
}
