import { expect, type Page, test } from './fixtures'

const heading = (page: Page, name: string | RegExp) => page.getByRole('main').getByRole('heading', { name })

const unread = (page: Page) =>
  page
    .getByRole('navigation', { name: 'Main' })
    .getByRole('link', { name: /^Notifications/ })
    .filter({ visible: true })

const isStream = (url: string) => url.endsWith('/notifications/stream')

test('what happened while offline is there when one is back', async ({ community, signedIn, troubles }) => {
  const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
  const borrow = await community.asks(finn, await community.book(olga, 'Passages'))
  const page = await signedIn(finn)
  await page.goto(`/loans/${borrow.id}`)
  await expect(heading(page, 'Waiting for an answer')).toBeVisible()
  await page.goto('/notifications')
  await expect(page.getByText('Live', { exact: true })).toBeVisible()

  troubles.expect(/ERR_INTERNET_DISCONNECTED/)
  await page.context().setOffline(true)
  await expect(page.getByText(/^You are offline/)).toBeVisible()
  await community.step(olga, borrow, 'approve', { place: 'At the gate' })
  await page.context().setOffline(false)

  await expect(page.getByText(/^You are offline/)).toBeHidden()
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  await expect(unread(page)).toHaveAccessibleName(/1 waiting for you/)
  await expect(page).toHaveTitle(/^\(1\) Notifications/)
  await page.getByRole('link', { name: /^Unread: .*Passages/ }).click()
  await expect(heading(page, 'Pick it up')).toBeVisible()
  await expect(unread(page)).toHaveAccessibleName('Notifications')
})

test('a line that breaks resumes where it was', async ({ community, signedIn, troubles }) => {
  const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
  const ines = await community.register('Ines')
  const [first, second] = [await community.book(olga, 'First'), await community.book(olga, 'Second')]
  const page = await signedIn(olga)
  await page.goto('/notifications')
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  await community.asks(finn, first)
  await expect(unread(page)).toHaveAccessibleName(/1 waiting for you/)

  troubles.expect(/ERR_INTERNET_DISCONNECTED/)
  await page.context().setOffline(true)
  await expect(page.getByText('Not connected', { exact: true })).toBeVisible()
  await community.asks(ines, second)
  const resumed = page.waitForRequest(
    (request) => isStream(request.url()) && Boolean(request.headers()['last-event-id']),
  )
  await page.context().setOffline(false)
  await resumed
  await expect(unread(page)).toHaveAccessibleName(/2 waiting for you/)
  await expect(page.getByRole('main').getByRole('link', { name: /Second/ })).toBeVisible()
})

test('two tabs share one line and one session', async ({ community, signedIn }) => {
  const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
  const ines = await community.register('Ines')
  const [first, second] = [await community.book(olga, 'First'), await community.book(olga, 'Second')]
  const one = await signedIn(olga)
  const lines: string[] = []
  one.context().on('request', (request) => {
    if (isStream(request.url())) lines.push(request.url())
  })
  await one.goto('/notifications')
  await expect(one.getByText('Live', { exact: true })).toBeVisible()
  const two = await one.context().newPage()
  await two.goto('/notifications')
  await expect(two.getByText('Live', { exact: true })).toBeVisible()
  expect(lines).toHaveLength(1)

  await community.asks(finn, first)
  for (const tab of [one, two]) await expect(unread(tab)).toHaveAccessibleName(/1 waiting for you/)

  // The tab that held the line goes; the other takes it over.
  await one.close()
  await expect.poll(() => lines.length).toBe(2)
  await community.asks(ines, second)
  await expect(unread(two)).toHaveAccessibleName(/2 waiting for you/)

  const three = await two.context().newPage()
  await three.goto('/loans')
  await expect(heading(three, 'Requests and loans')).toBeVisible()
  await three.getByRole('button', { name: /^Account of/ }).click()
  await three.getByRole('menuitem', { name: 'Log out' }).click()
  for (const tab of [two, three]) await expect(tab).toHaveURL(/\/login/)
})

test('what is asked for offline is refused at once and never sends itself', async ({
  community,
  signedIn,
  visitor,
  troubles,
}) => {
  const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
  const borrow = await community.asks(finn, await community.book(olga, 'Passages'))
  const words = 'Nothing was sent: you were offline.'
  troubles.expect(/ERR_INTERNET_DISCONNECTED/)
  /** Clicks offline, reads the words, comes back, sees that nothing leaves by itself; clicks again. */
  async function refusedOnce(page: Page, path: RegExp, click: () => Promise<void>) {
    const sent: string[] = []
    page.on('request', (request) => {
      if (request.method() !== 'GET' && path.test(request.url())) sent.push(request.url())
    })
    await page.context().setOffline(true)
    await click()
    await expect(page.getByText(words).first()).toBeVisible({ timeout: 1000 })
    await page.context().setOffline(false)
    await expect(page.getByText(/^You are offline\. You see/)).toBeHidden()
    // Longer than any pause between two attempts.
    await page.waitForTimeout(3000)
    expect(sent).toEqual([])
    await click()
    await expect.poll(() => sent.length).toBe(1)
  }

  await test.step('a step of a loan', async () => {
    const page = await signedIn(olga)
    await page.goto(`/loans/${borrow.id}`)
    await page.getByRole('main').getByRole('button', { name: 'Agree' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Where').fill('Below the clock')
    await refusedOnce(page, /approve$/, () => dialog.getByRole('button', { name: 'Agree' }).click())
    await expect(heading(page, 'Hand it over to Finn')).toBeVisible()
    await expect(page.getByText('Below the clock').first()).toBeVisible()
  })

  await test.step('a file', async () => {
    const page = await signedIn(olga)
    await page.goto('/shelf/import')
    await expect(page.locator('input[type=file]')).toBeAttached()
    const file = { name: 'books.csv', mimeType: 'text/csv', buffer: Buffer.from('title,authors\nEmma,Jane Austen\n') }
    await refusedOnce(page, /import\?/, () => page.locator('input[type=file]').setInputFiles(file))
  })

  await test.step('logging in', async () => {
    const page = await visitor()
    await page.goto('/login')
    await page.getByLabel('Mail address').fill(olga.email)
    await page.getByLabel('Password', { exact: true }).fill(olga.password)
    await refusedOnce(page, /login$/, () => page.getByRole('main').getByRole('button', { name: 'Log in' }).click())
    await expect(page).toHaveURL(/\/$/)
  })

  await test.step('what needs no form', async () => {
    const page = await signedIn(olga)
    await page.goto('/notifications')
    await expect(page.getByText('Live', { exact: true })).toBeVisible()
    // What tells it has been fetched ahead.
    await page.waitForFunction(() => performance.getEntriesByType('resource').some(({ name }) => /Toaster/.test(name)))
    await refusedOnce(page, /read-all$/, () => page.getByRole('button', { name: /Mark all/ }).click())
  })
})
