import { expect, type Page, test } from './fixtures'
import { importFile, putOnShelf, upload } from './importing'
import { inspect } from './inspect'

/** Under some of the columns of Goodreads, by which its exports are known. */
function goodreads(...rows: string[]): string {
  return [
    'Book Id,Title,Author,Additional Authors,ISBN,ISBN13,My Rating,Year Published,Bookshelves,Exclusive Shelf',
    ...rows,
  ].join('\n')
}

const three = (mark: string) =>
  goodreads(
    `1,Persuasion ${mark},Jane Austen,,,,5,1817,,read`,
    `2,Emma ${mark},Jane Austen,,,,4,1815,,currently-reading`,
    `3,Evelina ${mark},Frances Burney,,,,0,1778,,to-read`,
  )

async function holds(page: Page, titles: string[]): Promise<void> {
  await page.goto('/shelf')
  // Books of one import are equally new: any of them may come first.
  const shown = page.getByRole('main').getByRole('heading', { level: 2 })
  await expect.poll(async () => (await shown.allTextContents()).toSorted()).toEqual([...titles].toSorted())
}

test('what one does not own stays out, is named, and is added all the same', async ({ community, signedIn }) => {
  const page = await signedIn(await community.register('Olga'))
  await upload(page, 'goodreads_library_export.csv', three('A'))
  await expect(page.getByRole('heading', { name: 'Read as: An export from Goodreads' })).toBeVisible()
  await expect(page.getByText('UTF-8 · 3 rows')).toBeVisible()
  await expect(page.getByText('2 books will be put on your shelf.')).toBeVisible()
  await inspect(page, 'shelf-review-goodreads')
  await page.getByRole('checkbox', { name: /^currently-reading/ }).uncheck()
  await expect(page.getByText('1 book will be put on your shelf.')).toBeVisible()
  await expect(page.getByText('2 rows stay out.')).toBeVisible()
  expect(await putOnShelf(page)).toBe(1)

  await expect(page.getByText('Not owned')).toBeVisible()
  await expect(page.getByText('My Rating')).toBeVisible()
  await inspect(page, 'shelf-report-left-out')
  await page.getByRole('button', { name: 'Add it all the same: “Evelina A”, row 4' }).click()
  await expect(page.getByText('“Evelina A” is on your shelf.')).toBeVisible()
  await expect(page.getByRole('button', { name: /^Add it all the same: “Emma A”/ })).toBeFocused()
  await page.reload()
  await expect(page.getByRole('heading', { name: '1 row was left out' })).toBeVisible()
  await holds(page, ['Evelina A', 'Persuasion A'])

  // The same file again: what is there is named, and leads to the book that it equals.
  await importFile(page, 'goodreads_library_export.csv', three('A'))
  await page.getByRole('link', { name: 'The same book as “Persuasion A” in row 2' }).click()
  await expect(page.getByRole('heading', { name: 'Persuasion A', level: 1 })).toBeVisible()
})

test('an unknown table is mapped, by keyboard alone', async ({ community, signedIn }) => {
  const page = await signedIn(await community.register('Olga'))
  await upload(
    page,
    'list.txt',
    'Nr.|Was|Wer|Regalplatz\n1|Effi Briest|Theodor Fontane|oben\n2|Der Stechlin|Theodor Fontane|unten\n',
  )
  await expect(page.getByRole('heading', { name: 'Read as: A table of your own' })).toBeVisible()
  await expect(page.getByRole('table')).toBeVisible()
  await page.getByRole('button', { name: 'Put them on my shelf' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('alert')).toBeFocused()
  await expect(page.getByRole('alert')).toHaveText('Say which column holds the titles.')
  await inspect(page, 'shelf-review-table')
  for (const [column, key] of [
    ['Column Was', 'Title'],
    ['Column Wer', 'Authors'],
  ] as const) {
    await page.getByRole('combobox', { name: column }).focus()
    await page.keyboard.type(key)
  }
  await page.getByRole('combobox', { name: 'Column Regalplatz' }).selectOption('Notes')
  await page.getByRole('button', { name: 'Put them on my shelf' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: '2 books have come to your shelf' })).toBeVisible({ timeout: 30_000 })
  await holds(page, ['Der Stechlin', 'Effi Briest'])
})

test('what was said of columns and shelves outlives a reload, and is of that file alone', async ({
  community,
  signedIn,
}) => {
  const page = await signedIn(await community.register('Olga'))
  await upload(page, 'list.txt', 'Nr.|Was|Wer\n1|Effi Briest|Theodor Fontane\n')
  await page.getByRole('combobox', { name: 'Column Was' }).selectOption('Title')
  await page.getByRole('combobox', { name: 'Column Wer' }).selectOption('Authors')
  await page.reload()
  await expect(page.getByRole('combobox', { name: 'Column Was' })).toHaveValue('title')
  expect(await putOnShelf(page)).toBe(1)

  await upload(page, 'books.csv', three('K'))
  await page.getByRole('checkbox', { name: /^currently-reading/ }).uncheck()
  await page.reload()
  await expect(page.getByText('1 book will be put on your shelf.')).toBeVisible()
  await expect(page.getByRole('checkbox', { name: /^currently-reading/ })).not.toBeChecked()
  expect(await putOnShelf(page)).toBe(1)
})

test('a list of numbers is described by what others have listed', async ({ community, signedIn }) => {
  const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
  const title = `Catching Fire of ${finn.id.slice(-6)}`
  await community.book(finn, title, { isbn: '9780545586177', authors: ['Suzanne Collins'] })
  const page = await signedIn(olga)
  await upload(page, 'numbers.txt', '978-0-545-58617-7\n9791234567896\n')
  await expect(page.getByRole('heading', { name: 'Read as: A list of ISBNs' })).toBeVisible()
  await inspect(page, 'shelf-review-numbers')
  expect(await putOnShelf(page)).toBe(1)
  await expect(page.getByRole('heading', { name: '1 row needs repair' })).toBeVisible()
  await expect(page.getByText('9791234567896')).toBeVisible()
  await inspect(page, 'shelf-report-numbers')
  await holds(page, [title])
})

test('a number with a wrong digit costs no book, and is put right', async ({ community, signedIn }) => {
  const olga = await community.register('Olga')
  const page = await signedIn(olga)
  expect(await importFile(page, 'books.csv', 'title,author,isbn\nThe Hunger Games,Suzanne Collins,0439023484\n')).toBe(
    1,
  )
  await expect(page.getByRole('heading', { name: '1 book came in without all that its row said' })).toBeVisible()
  await expect(page.getByText('One digit is wrong: please compare it once more.')).toBeVisible()
  await inspect(page, 'shelf-report-notes')

  // It is found again from the shelf.
  await page.goto('/shelf')
  await page.getByRole('link', { name: 'Have a look' }).click()
  await page.getByRole('link', { name: 'Complete it: “The Hunger Games”' }).click()
  await expect(page.getByLabel('ISBN')).toHaveValue('0439023484')
  await expect(page.getByLabel('ISBN')).toBeFocused()
  await inspect(page, 'shelf-edit-noted')
  await page.getByLabel('ISBN').fill('0-439-02348-3')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('heading', { name: '1 book has come to your shelf' })).toBeVisible()
  await expect(page.getByRole('heading', { name: /came in without all/ })).toBeHidden()
  const { data } = await olga.api.GET('/api/v1/books/mine')
  expect(data?.data).toEqual([expect.objectContaining({ title: 'The Hunger Games', isbn13: '9780439023481' })])
  await page.goto('/shelf')
  await expect(page.getByRole('heading', { name: 'The Hunger Games' })).toBeVisible()
  await expect(page.getByRole('link', { name: 'Have a look' })).toBeHidden()
})

test('a file that waits is found again after a reload, and is gone once it is cancelled', async ({
  community,
  signedIn,
  troubles,
}) => {
  const page = await signedIn(await community.register('Olga'))
  await upload(page, 'books.csv', three('C'))
  const address = page.url()
  await page.reload()
  await expect(page.getByText('2 books will be put on your shelf.')).toBeVisible()
  await page.goto('/shelf')
  await expect(page.getByText('A file waits for you to say which books are yours.')).toBeVisible()
  await page.getByRole('link', { name: 'Continue' }).click()
  await expect(page.getByText('2 books will be put on your shelf.')).toBeVisible()
  await page.goto('/shelf/import')
  await page.getByRole('link', { name: /Waits for you/ }).click()
  await page.getByRole('button', { name: 'Cancel the import' }).click()
  await expect(page.getByText('The import is cancelled.')).toBeVisible()
  await expect(page).toHaveURL('/shelf/import')
  troubles.expect(/404/)
  await page.goto(address)
  await expect(page.getByRole('heading', { name: 'There is no such import' })).toBeVisible()
})

/** What no file should hold, and some do. */
const hostile = [
  'title,author,isbn,language,status,extra column with a very long name that nobody would ever write into a table',
  `${'W'.repeat(500)},${'x'.repeat(400)},9780000000000,Frenglish (old),${'s'.repeat(110)},1`,
  'كتاب الأيام,طه حسين,,ar,to-read,2',
  '紅樓夢,曹雪芹,,zh,read,3',
  '👩‍👩‍👧‍👦👩‍👩‍👧‍👦,<b>Ann</b> &amp; Bob,,en,<script>alert(1)</script>,4',
  ',,,,,5',
].join('\n')

for (const width of [320, 390, 1280])
  test(`a hostile file stays within ${width} pixels, in French and by night`, async ({ community, signedIn }) => {
    const page = await signedIn(await community.register('Olga'), { language: 'fr', dark: true })
    await page.setViewportSize({ width, height: 800 })
    await page.goto('/shelf/import')
    const buffer = Buffer.from(hostile)
    await inspect(page, `shelf-import-start.fr.dark.${width}`)
    await page
      .getByLabel('Choisir un fichier')
      .setInputFiles({ name: `${'n'.repeat(200)}.csv`, mimeType: 'text/csv', buffer })
    await expect(page.getByRole('heading', { name: /^Lu comme/ })).toBeVisible({ timeout: 30_000 })
    await inspect(page, `shelf-review-hostile.fr.dark.${width}`)
    await page.getByRole('button', { name: 'Les ajouter à mes livres' }).click()
    await expect(page.getByRole('heading', { name: /ajoutés?$/ })).toBeVisible({ timeout: 30_000 })
    for (const group of await page.locator('details:not([open]) > summary').all()) await group.click()
    await inspect(page, `shelf-report-hostile.fr.dark.${width}`)
  })
