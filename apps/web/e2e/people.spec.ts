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
  await owner.getByRole('link', { name: 'Finn', exact: true }).first().click()
  await expect(owner.getByRole('heading', { level: 1, name: 'Finn' })).toBeVisible()
  await expect(owner.getByText('Finn has not put a book on the shelf so far.')).toBeVisible()
})

test('the names in what happened to a loan lead to their people', async ({ community, signedIn }) => {
  const [olga, finn] = [await community.register('Olga'), await community.register('فاطمة')]
  const borrow = await community.asks(finn, await community.book(olga, 'Emma'))
  await community.step(olga, borrow, 'approve', {})
  const owner = await signedIn(olga)
  await owner.goto(`/loans/${borrow.id}`)
  const happened = owner.getByRole('region', { name: 'Messages and steps' }).getByRole('listitem')
  await expect(happened.last()).toContainText('You agreed')
  await expect(happened.first()).toContainText('فاطمة asked for it, for 21 days.')
  await happened.first().getByRole('link', { name: 'فاطمة' }).click()
  await expect(owner).toHaveURL(new RegExp(`/people/${finn.id}$`))
})

test('a long name stands clear of what it is the name of', async ({ community, signedIn }) => {
  const long = 'Wilhelmina Konstantinopolitanska-Dudelsackpfeifenmacher de la Villefranche-sur-Saône'
  const [olga, finn] = [await community.register(long), await community.register('Finn')]
  const borrow = await community.asks(finn, await community.book(olga, 'Emma'))
  const page = await signedIn(finn, { language: 'fr' })
  await page.setViewportSize({ width: 320, height: 800 })
  await page.goto(`/loans/${borrow.id}`)
  const name = page.getByRole('main').getByRole('link', { name: long }).first()
  await expect(name).toBeVisible()
  const gap = await name.evaluate((link) => {
    const lines = (element: Element) => {
      const range = document.createRange()
      range.selectNodeContents(element)
      return [...range.getClientRects()]
    }
    const label = link.previousElementSibling!
    return { lines: lines(link).length, pixels: lines(link)[0]!.top - lines(label).at(-1)!.bottom }
  })
  expect(gap.lines).toBeGreaterThan(2)
  expect(gap.pixels).toBeGreaterThanOrEqual(0)
})
