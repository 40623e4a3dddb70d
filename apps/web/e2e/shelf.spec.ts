import type { Locator } from '@playwright/test'
import { expect, type Page, test } from './fixtures'
import { inspect } from './inspect'

/** In the shelf's list, the row of a book. */
const row = (page: Page, title: string): Locator =>
  page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: title, exact: true }) })

test('an empty shelf leads to the first book, described by hand', async ({ community, signedIn }) => {
  const page = await signedIn(await community.register('Olga'))
  await page.goto('/shelf')
  await expect(page.getByRole('heading', { name: 'Your shelf is empty' })).toBeVisible()
  await inspect(page, 'shelf-empty')
  await page.getByRole('main').getByRole('link', { name: 'Add a book' }).last().click()
  await page.getByRole('button', { name: 'Describe it by hand' }).click()

  await page.getByRole('button', { name: 'Put it on the shelf' }).click()
  await expect(page.getByText('A book needs a title.')).toBeVisible()
  await expect(page.getByLabel('Title')).toBeFocused()
  await inspect(page, 'shelf-add-refused')

  await page.getByLabel('Title').fill('Good Omens')
  await page.getByRole('textbox', { name: 'Author 1' }).fill('Terry Pratchett')
  await page.getByRole('button', { name: 'Add another author' }).click()
  await page.getByRole('textbox', { name: 'Author 2' }).fill('Neil Gaiman')
  await page.getByLabel('Year').fill('1990')
  await page.getByLabel('Language').fill('engl')
  await page.getByRole('option', { name: 'English', exact: true }).click()
  await page.getByLabel('Categories').fill('Fantasy, Humour,')
  // What was typed is still there after a reload.
  await page.reload()
  await expect(page.getByRole('textbox', { name: 'Author 2' })).toHaveValue('Neil Gaiman')
  await expect(page.getByLabel('Language')).toHaveValue('English')
  await page.getByLabel('To give away').check()
  await page.getByLabel('Notes for yourself').fill('signed by both')
  await page.getByRole('button', { name: 'Put it on the shelf' }).click()

  await expect(page.getByText('It is on your shelf')).toBeVisible()
  await inspect(page, 'shelf-added')
  await page.getByRole('link', { name: 'See the book' }).click()
  await expect(page.getByRole('heading', { name: 'Good Omens', level: 1 })).toBeVisible()

  await page.goto('/shelf')
  await expect(row(page, 'Good Omens')).toContainText('Terry Pratchett, Neil Gaiman')
  await expect(row(page, 'Good Omens').getByRole('button', { name: 'To give away' })).toBeVisible()
})

test('a category that exists is taken with Enter, by a tap, and however it is written', async ({
  community,
  signedIn,
}) => {
  const olga = await community.register('Olga')
  const book = await community.book(olga, 'Persuasion')
  const page = await signedIn(olga, { wide: true })
  await page.goto(`/books/${book.id}/edit`)
  const box = page.getByRole('combobox', { name: 'Categories' })
  const options = page.getByRole('option')
  // Of the demo community.
  await box.pressSequentially('nov')
  await expect(options.first()).toHaveText('Novel')
  await expect(options.last()).toHaveText('Create “nov”')
  // While its list is open Base UI keeps screen readers to it and the box, which hides the label, too.
  await inspect(page, 'shelf-category-suggested', ['aria-hidden-focus', 'label'])
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Remove Novel' })).toBeVisible()
  await box.pressSequentially('nóv')
  await options.getByText('Create “nóv”').click()
  await expect(page.getByRole('button', { name: /^Remove/ })).toHaveCount(2)
  await page.getByRole('button', { name: 'Remove Novel' }).click()
  await box.pressSequentially('NOVÈL')
  await page.keyboard.press('Tab')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('heading', { name: 'Persuasion', level: 1 })).toBeVisible()
  const { data } = await olga.api.GET('/api/v1/books/{id}', { params: { path: { id: book.id } } })
  expect(data?.data.categories.toSorted()).toEqual(['Novel', 'nóv'])
})

test('a book that somebody has already is taken over by its ISBN', async ({ community, signedIn }) => {
  const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
  const isbn = '9780439023481'
  const title = `The Hunger Games of ${olga.id.slice(-6)}`
  await community.book(olga, title, { isbn, authors: ['Suzanne Collins'], publishedYear: 2008, language: 'en' })
  const page = await signedIn(finn)
  await page.goto('/shelf/add')
  await page.getByLabel('ISBN').fill('0-439-02348-4')
  await page.getByRole('button', { name: 'Look it up' }).click()
  await expect(page.getByText('One digit is wrong')).toBeVisible()
  await page.getByLabel('ISBN').fill('ISBN 0-439-02348-3')
  await page.getByRole('button', { name: 'Look it up' }).click()
  await inspect(page, 'shelf-add-known')
  await page.getByRole('listitem').filter({ hasText: title }).getByRole('button', { name: 'Take this over' }).click()
  await expect(page.getByLabel('Title')).toHaveValue(title)
  await expect(page.getByRole('textbox', { name: 'Author 1' })).toHaveValue('Suzanne Collins')
  await expect(page.getByLabel('Year')).toHaveValue('2008')
  await page.getByRole('button', { name: 'Put it on the shelf' }).click()
  await expect(page.getByText('It is on your shelf')).toBeVisible()
  const { data } = await finn.api.GET('/api/v1/books/mine', { params: {} })
  expect(data?.data).toEqual([expect.objectContaining({ title, isbn13: isbn, language: 'en' })])
})

test('what was changed in another tab is shown before it is overwritten', async ({ community, signedIn, troubles }) => {
  troubles.expect(/412/)
  const olga = await community.register('Olga')
  const book = await community.book(olga, 'Middlemarch')
  const page = await signedIn(olga)
  const other = await page.context().newPage()
  await Promise.all([page, other].map((tab) => tab.goto(`/books/${book.id}/edit`)))
  await other.getByLabel('Title').fill('Middlemarch II')
  await other.getByLabel('Year').fill('1871')
  await other.getByRole('button', { name: 'Save' }).click()
  await expect(other.getByRole('heading', { name: 'Middlemarch II', level: 1 })).toBeVisible()

  await page.getByLabel('Title').fill('Middlemarch, a Study of Provincial Life')
  await page.getByLabel('Notes for yourself').fill('a gift')
  await page.getByRole('button', { name: 'Save' }).click()
  const dialog = page.getByRole('dialog', { name: 'The book has changed meanwhile' })
  await expect(dialog.getByRole('group', { name: 'Title' }).getByText('Middlemarch II')).toBeVisible()
  await inspect(page, 'shelf-merge')
  await dialog.getByRole('button', { name: 'Save this' }).click()
  await expect(page.getByRole('heading', { name: 'Middlemarch, a Study of Provincial Life', level: 1 })).toBeVisible()
  const { data } = await olga.api.GET('/api/v1/books/{id}', { params: { path: { id: book.id } } })
  expect(data?.data).toMatchObject({
    title: 'Middlemarch, a Study of Provincial Life',
    publishedYear: 1871,
    notes: 'a gift',
  })
})

test('a book that was asked for while it was edited is saved all the same', async ({
  community,
  signedIn,
  troubles,
}) => {
  troubles.expect(/412/)
  const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
  const book = await community.book(olga, 'Emma')
  const page = await signedIn(olga)
  await page.goto(`/books/${book.id}/edit`)
  await page.getByLabel('Title').fill('Emma, a Novel')
  await community.step(olga, await community.asks(finn, book), 'approve', {})
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('heading', { name: 'Emma, a Novel', level: 1 })).toBeVisible()
})

test('a book that is lent is not deleted, and the reason leads to the loan', async ({
  community,
  signedIn,
  troubles,
}) => {
  troubles.expect(/409/)
  const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
  const [lent, free] = [await community.book(olga, 'Emma'), await community.book(olga, 'Persuasion')]
  const borrow = await community.asks(finn, lent)
  await community.step(olga, borrow, 'approve', {})
  await community.step(olga, borrow, 'hand-over', {})
  const page = await signedIn(olga)
  await page.goto('/shelf')
  await expect(row(page, lent.title)).toContainText('Lent out')
  await expect(row(page, lent.title).getByRole('link', { name: finn.name })).toHaveAttribute(
    'href',
    `/loans/${borrow.id}`,
  )

  await page.getByLabel('Lent out').click()
  await expect(row(page, free.title)).toBeHidden()
  await page.getByRole('button', { name: `More for ${lent.title}` }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await page.getByRole('button', { name: 'Delete it' }).click()
  await expect(page.getByText('It can be deleted once it is back.')).toBeVisible()
  await inspect(page, 'shelf-delete-refused')
  await page.getByRole('button', { name: 'See the loan' }).click()
  await expect(page).toHaveURL(`/loans/${borrow.id}`)

  await page.goto('/shelf')
  await page.getByRole('button', { name: `More for ${free.title}` }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await page.getByRole('button', { name: 'Delete it' }).click()
  await expect(row(page, free.title)).toBeHidden()
  await expect(page.getByText('1 book', { exact: true })).toBeVisible()
})

test('a session that ends while a book is described loses nothing of it', async ({ community, signedIn, troubles }) => {
  const olga = await community.register('Olga')
  const page = await signedIn(olga)
  await page.goto('/shelf/add?step=details')
  await page.getByLabel('Title').fill('Good Omens')
  await page.getByRole('textbox', { name: 'Author 1' }).fill('Terry Pratchett')
  await page.getByLabel('Year').fill('1990')

  troubles.expect(/401/, /notifications\/stream/)
  const { data } = await olga.api.GET('/api/v1/auth/sessions')
  for (const { id } of data!.data) await olga.api.DELETE('/api/v1/auth/sessions/{id}', { params: { path: { id } } })
  await page.getByLabel('Notes for yourself').fill('signed by both')
  await page.getByRole('button', { name: 'Put it on the shelf' }).click()
  const dialog = page.getByRole('dialog', { name: 'Please log in again' })
  await expect(dialog).toBeVisible()
  await inspect(page, 'log-in-again')
  await dialog.getByRole('textbox', { name: 'Password' }).fill(olga.password)
  await dialog.getByRole('button', { name: 'Log in' }).click()

  await expect(page.getByText('It is on your shelf')).toBeVisible()
  const [book] = (await (await community.logIn(olga.email, olga.password)).api.GET('/api/v1/books/mine')).data!.data
  expect(book).toMatchObject({
    title: 'Good Omens',
    authors: ['Terry Pratchett'],
    publishedYear: 1990,
    notes: 'signed by both',
  })
})

test('the shelf is handed over as a file', async ({ community, signedIn }) => {
  const olga = await community.register('Olga')
  await community.book(olga, 'Emma', { publishedYear: 1815 })
  const page = await signedIn(olga)
  await page.goto('/shelf')
  await page.getByRole('button', { name: 'Import and export' }).click()
  const downloading = page.waitForEvent('download')
  await page.getByRole('menuitem', { name: 'Export as CSV' }).click()
  const download = await downloading
  expect(download.suggestedFilename()).toMatch(/^my-books-\d{4}-\d\d-\d\d\.csv$/)
  const chunks: Buffer[] = []
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer)
  expect(Buffer.concat(chunks).toString()).toContain('Emma,Jane Austen,,1815')
})
