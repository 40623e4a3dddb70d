import { expect, type Page } from './fixtures'

/** Chooses a file on the page of imports; what was recognised of it is shown. */
export async function upload(page: Page, name: string, content: string | Buffer): Promise<void> {
  await page.goto('/shelf/import')
  const buffer = typeof content === 'string' ? Buffer.from(content) : content
  await page.getByLabel('Choose a file').setInputFiles({ name, mimeType: 'text/csv', buffer })
  await expect(page.getByRole('heading', { name: /^Read as: / })).toBeVisible({ timeout: 30_000 })
}

/** Says that all is as it should be, and waits for the report: how many books came. */
export async function putOnShelf(page: Page): Promise<number> {
  await page.getByRole('button', { name: 'Put them on my shelf' }).click()
  const heading = page.getByRole('heading', { name: /^No book was new$|come to your shelf$/ })
  await expect(heading).toBeVisible({ timeout: 30_000 })
  return Number.parseInt((await heading.textContent()) ?? '', 10) || 0
}

export async function importFile(page: Page, name: string, content: string | Buffer): Promise<number> {
  await upload(page, name, content)
  return putOnShelf(page)
}
