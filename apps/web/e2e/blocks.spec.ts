import { expect, test } from './fixtures'

test('a member blocks another on their page, sees none of their books, and unblocks them', async ({
  community,
  signedIn,
}) => {
  const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
  const book = await community.book(finn, 'Northanger Abbey')
  const page = await signedIn(olga)
  await page.goto(`/people/${finn.id}`)
  const books = page.getByRole('region', { name: 'Books of Finn' })
  await expect(books.getByRole('link', { name: /Northanger Abbey/ })).toBeVisible()

  await page.getByRole('main').getByRole('button', { name: 'More actions' }).click()
  await page.getByRole('menuitem', { name: 'Block this member' }).click()
  const question = page.getByRole('alertdialog', { name: 'Block Finn?' })
  await expect(question.getByText(/They are not told/)).toBeVisible()
  await question.getByRole('button', { name: 'Block' }).click()
  await expect(question).toBeHidden()
  await expect(page.getByText(/You block this member/)).toBeVisible()
  await expect(books).toBeHidden()
  await expect(page.locator('body')).not.toBeFocused()

  // Neither in the lists of one nor of the other, nor to be asked for.
  await page.goto(`/?owner=${finn.id}`)
  await expect(page.getByRole('main')).not.toContainText('Northanger Abbey')
  const mine = await community.book(olga, 'Mansfield Park')
  await expect
    .poll(async () => (await finn.api.GET('/api/v1/books/{id}', { params: { path: { id: mine.id } } })).response.status)
    .toBe(404)

  await page.goto('/account/blocks')
  await page.getByRole('button', { name: 'Unblock Finn' }).click()
  await expect(page.getByRole('heading', { name: 'You have blocked nobody' })).toBeVisible()
  await expect(page.getByText('Finn is no longer blocked.').first()).toBeVisible()
  await page.goto(`/books/${book.id}`)
  await expect(page.getByRole('heading', { name: 'Northanger Abbey' })).toBeVisible()
})

test('an owner blocks the member who asks, and the request is gone', async ({ community, signedIn }) => {
  const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
  const borrow = await community.asks(finn, await community.book(olga, 'Emma'))
  const page = await signedIn(olga, { language: 'fr' })
  await page.goto(`/loans/${borrow.id}`)
  await page.getByRole('main').getByRole('button', { name: 'Autres actions' }).click()
  await page.getByRole('menuitem', { name: 'Bloquer ce membre' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Bloquer' }).click()
  await expect(page.getByRole('alertdialog')).toBeHidden()
  await expect(async () => {
    await page.reload()
    await expect(page.getByRole('main').getByRole('button', { name: 'Accepter' })).toBeHidden({ timeout: 1000 })
  }).toPass()
  await page.goto('/account/blocks')
  await expect(page.getByRole('main').getByRole('link', { name: 'Finn' })).toBeVisible()
})
