import { expect, test } from './fixtures'

test('a name leads to a person, and on to their books', async ({ community, signedIn, visitor }) => {
  const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
  const [emma] = [await community.book(olga, 'Emma'), await community.book(olga, 'Persuasion')]
  const borrow = await community.asks(finn, emma)
  await community.step(olga, borrow, 'approve', {})
  await community.step(olga, borrow, 'hand-over', {})
  await community.step(olga, borrow, 'return', { condition: 'ok' })

  const page = await visitor()
  await page.goto(`/books/${emma.id}`)
  await page.getByRole('link', { name: 'Olga', exact: true }).click()
  await expect(page).toHaveURL(new RegExp(`/people/${olga.id}$`))
  await expect(page.getByRole('heading', { level: 1, name: 'Olga' })).toBeVisible()
  await expect(page.getByText(/^Member since /)).toBeVisible()
  await expect(page.getByRole('region', { name: 'Lending and borrowing' })).toContainText('Lent 1, and it came back.')
  const books = page.getByRole('region', { name: 'Books of Olga' })
  await expect(books.getByRole('link')).toHaveText(['Persuasion', 'Emma'])

  const owner = await signedIn(olga)
  await owner.goto(`/loans/${borrow.id}`)
  await owner.getByRole('link', { name: 'Finn', exact: true }).click()
  await expect(owner.getByRole('heading', { level: 1, name: 'Finn' })).toBeVisible()
  await expect(owner.getByText('Finn has not put a book on the shelf so far.')).toBeVisible()
})
