import { expect, test } from './fixtures'

test('after a command, reads in every tab demand its position until the member logs out', async ({
  community,
  signedIn,
}) => {
  const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
  const book = await community.book(olga, 'The Position')
  const page = await signedIn(finn, { wide: true })
  const context = page.context()
  // A demand ends after ten seconds, however slow the machine is.
  await context.clock.setFixedTime(new Date())
  let demanded: Array<string | undefined> = []
  context.on('request', (request) => {
    const isRead = request.method() === 'GET' && /\/api\/v1\/(?!notifications\/stream)/.test(request.url())
    if (isRead) demanded.push(request.headers()['x-folkshelf-min-position'])
  })

  await page.goto(`/books/${book.id}`)
  await page.getByRole('button', { name: 'Ask to borrow', exact: true }).click()
  expect(new Set(demanded)).toEqual(new Set([undefined]))
  const answer = page.waitForResponse((response) => response.request().method() === 'POST')
  await page.getByRole('dialog').getByRole('button', { name: 'Send the request', exact: true }).click()
  const position = (await answer).headers()['x-folkshelf-position']
  expect(position).toMatch(/^\d+-\d+$/)
  await expect.poll(() => demanded.at(-1)).toBe(position)

  demanded = []
  const other = await context.newPage()
  await other.goto('/loans')
  await expect(other.getByRole('link', { name: 'The Position' })).toBeVisible()
  expect(new Set(demanded)).toEqual(new Set([position]))

  await other.getByRole('button', { name: /^Account of/ }).click()
  await other.getByRole('menuitem', { name: 'Log out' }).click()
  await expect(other).toHaveURL(/\/login/)
  demanded = []
  await other.goto('/')
  await expect(other.getByRole('main').getByRole('listitem').first()).toBeVisible()
  expect(new Set(demanded)).toEqual(new Set([undefined]))
})
