import { openDoor } from './door'
import { expect, test } from './fixtures'
import { settled } from './inspect'

test('a page is opened by its address, and again on reload', async ({ visitor }) => {
  const page = await visitor()
  for (const open of [() => page.goto('/login'), () => page.reload()]) {
    const answer = await open()
    expect(answer?.status()).toBe(200)
    await expect(page.getByRole('heading', { level: 1, name: 'Log in' })).toBeVisible()
  }
})

test('an address that is no page says so, inside the shell', async ({ visitor }) => {
  const page = await visitor()
  await page.goto('/no/such/page')
  await settled(page)
  await expect(page.getByRole('banner')).toBeVisible()
  await page.getByRole('main').getByRole('link', { name: 'Browse the books' }).click()
  await expect(page).toHaveURL('/')
})

test('nothing in line runs, nothing comes from elsewhere, and the page says so', async ({ visitor, troubles }) => {
  const page = await visitor()
  await page.goto('/')
  await settled(page)
  expect(troubles.unexpected()).toEqual([])
  troubles.expect(/Content Security Policy/, /pixel\.png: csp$/)
  const ran = await page.evaluate(async () => {
    const put = <Name extends 'script' | 'style' | 'img'>(
      name: Name,
      set: (made: HTMLElementTagNameMap[Name]) => void,
    ) => {
      const made = document.createElement(name)
      set(made)
      document.head.append(made)
    }
    const breaches: string[] = []
    document.addEventListener('securitypolicyviolation', (breach) => breaches.push(breach.effectiveDirective))
    put('script', (script) => (script.textContent = 'document.title = "broken in"'))
    put('style', (style) => (style.textContent = 'body { display: none }'))
    put('img', (image) => (image.src = 'https://elsewhere.example/pixel.png'))
    await fetch('https://elsewhere.example/').catch(() => {})
    while (breaches.length < 4) await new Promise((resolve) => setTimeout(resolve, 20))
    return { title: document.title, breaches: breaches.toSorted() }
  })
  expect(ran.title).not.toBe('broken in')
  expect(ran.breaches).toEqual(['connect-src', 'img-src', 'script-src-elem', 'style-src-elem'])
})

test('the shell opens without a connection', async ({ visitor, troubles }) => {
  const page = await visitor({ serviceWorker: true })
  await page.goto('/')
  await settled(page)
  await page.evaluate(() => navigator.serviceWorker.ready)
  troubles.expect(/ERR_INTERNET_DISCONNECTED/)
  await page.context().setOffline(true)
  for (const open of [() => page.reload(), () => page.goto('/login')]) {
    await open()
    await expect(page.getByRole('banner')).toBeVisible()
    await expect(page.getByRole('main').getByRole('heading', { level: 1 })).toBeVisible()
    await expect(page.getByText(/^You are offline/)).toBeVisible()
  }
  // The line may come back before the app listens, and after.
  for (const before of [true, false]) {
    await page.context().setOffline(true)
    await page.goto('/')
    if (!before) await expect(page.getByText(/^You are offline/)).toBeVisible()
    await page.context().setOffline(false)
    await expect(page.getByRole('main').locator('a[href^="/books/"]')).not.toHaveCount(0)
    await expect(page.getByText(/^You are offline/)).toBeHidden()
  }
})

test('a theme is kept over a reload, and seen from the first frame on', async ({ visitor, troubles }) => {
  const page = await visitor()
  await page.goto('/')
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
  const light = await ground()
  await page.evaluate(() => localStorage.setItem('folkshelf.theme', 'dark'))
  // What the first page still fetches is not to be cut off.
  await settled(page)
  // The app itself never comes: what is drawn now is drawn without it.
  await page.route('**/assets/*.js', (route) => route.abort())
  troubles.expect(/assets.*ERR_FAILED|ERR_FAILED.*assets/)
  await page.reload()
  expect(await ground()).not.toBe(light)
})

test('a new version waits until it is wanted, and the open page goes on without its files', async ({ visitor }) => {
  const page = await visitor({ serviceWorker: true })
  const door = await openDoor()
  try {
    await page.goto(door.url)
    await page.evaluate(() => navigator.serviceWorker.ready)
    // From here on it is the service worker that gives the app.
    await page.reload()
    await page.waitForFunction(() => navigator.serviceWorker.controller)
    await settled(page)
    const search = page
      .getByRole('main')
      .getByRole('searchbox')
      .or(page.getByRole('main').getByRole('combobox'))
      .first()
    await search.fill('qq')

    door.release()
    await page.evaluate(async () => (await navigator.serviceWorker.ready).update())
    const notice = page.getByText('A new version of Folkshelf is ready.')
    await expect(notice).toBeVisible()
    await expect(search).toHaveValue('qq')
    await page.getByRole('link', { name: 'Log in' }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'Log in' })).toBeVisible()

    await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Reload' }).click()])
    await expect(page.getByRole('heading', { level: 1, name: 'Log in' })).toBeVisible()
    await expect(notice).toBeHidden()
    const waiting = () => page.evaluate(async () => (await navigator.serviceWorker.ready).waiting?.state ?? 'none')
    await expect.poll(waiting).toBe('none')
  } finally {
    await door.close()
  }
})
