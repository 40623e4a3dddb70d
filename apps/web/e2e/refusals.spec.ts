import { expect, test } from './fixtures'

/** As the host answers who asks too often. */
const ENOUGH = {
  status: 429,
  headers: { 'retry-after': '30' },
  json: { success: false, error: { code: 'RATE_LIMITED', message: 'too many requests', details: [] }, statusCode: 429 },
}

test('who asks too often reads how long to wait', async ({ visitor, troubles }) => {
  troubles.expect(/429/)
  const page = await visitor()
  await page.route('**/api/v1/auth/login', (route) => route.fulfill(ENOUGH))
  await page.goto('/login')
  await page.getByLabel('Mail address').fill('olga@example.org')
  await page.getByRole('textbox', { name: 'Password' }).fill('correct horse battery')
  await page.getByRole('button', { name: 'Log in' }).click()
  await expect(page.getByRole('alert')).toContainText('Please wait 30 seconds and try again.')
  await expect(page.getByLabel('Mail address')).toHaveValue('olga@example.org')
})

test('a list that is asked for too often says so, and comes when one tries again', async ({ visitor, troubles }) => {
  troubles.expect(/429/)
  const page = await visitor({ language: 'fr' })
  await page.route('**/api/v1/books?*', (route) => route.fulfill(ENOUGH))
  await page.goto('/?sort=title')
  await expect(page.getByRole('alert')).toContainText('30 secondes')
  await page.unroute('**/api/v1/books?*')
  await page.getByRole('button', { name: 'Réessayer' }).click()
  await expect(page.getByRole('main').getByRole('listitem').first()).toBeVisible()
})

test('after a short wait a list comes by itself, and the page says how long that is', async ({ visitor, troubles }) => {
  troubles.expect(/429/)
  const page = await visitor({ language: 'fr' })
  let asked = 0
  await page.route('**/api/v1/books?*', (route) =>
    asked++ === 0 ? route.fulfill({ ...ENOUGH, headers: { 'retry-after': '4' } }) : route.continue(),
  )
  await page.goto('/?sort=title')
  await expect(page.getByRole('status').filter({ hasText: 'Patientez 4\u00a0secondes' })).toBeVisible()
  await expect(page.getByRole('main').getByRole('listitem').first()).toBeVisible()
  await expect(page.getByText('Patientez')).toHaveCount(0)
})

test('a host that falls silent is given up and told of, and asked again', async ({ visitor }) => {
  const page = await visitor()
  await page.clock.install()
  const asked = new Promise<void>((resolve) => void page.route('**/api/v1/books?*', () => resolve()))
  await page.goto('/?sort=title')
  await asked
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await page.clock.fastForward(21_000)
  await expect(page.getByRole('alert')).toContainText('Folkshelf does not answer.')
  await page.unroute('**/api/v1/books?*')
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByRole('main').getByRole('listitem').first()).toBeVisible()
})
