import { writeFileSync } from 'node:fs'
import { expect, test } from './fixtures'
import { importFile } from './importing'
import { inspect } from './inspect'

/** As people's lists are: 200 rows, a few of which are no books. */
function list(mark: string): string {
  const bad: Record<number, string> = {
    20: ',Anonymous,,1901,en,Novel',
    60: `Nobody wrote it ${mark},,0439023483,1999,en,Novel`,
    90: `One comma, too many ${mark},Ann Author,,1999,en,Novel`,
  }
  const rows = Array.from({ length: 200 }, (_, place) => {
    const good = `Volume ${place} ${mark},Author ${place % 17},,${1900 + (place % 100)},en,Novel; History`
    return bad[place] ?? good
  })
  return ['title,authors,isbn,year,language,categories', ...rows].join('\n')
}

test('a list is imported, and its bad rows are repaired in place', async ({ community, signedIn }) => {
  const olga = await community.register('Olga')
  const page = await signedIn(olga)
  expect(await importFile(page, 'books.csv', list('A'))).toBe(197)
  await expect(page.getByRole('heading', { name: '3 rows need repair' })).toBeVisible()
  await inspect(page, 'shelf-import-done')

  // It is found again from the shelf.
  await page.goto('/shelf')
  await expect(page.getByText('197 books', { exact: true })).toBeVisible()
  await page.getByRole('link', { name: 'Have a look' }).click()

  await page.getByRole('button', { name: 'Repair row 22' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByText('A book needs a title.')).toBeVisible()
  await dialog.getByLabel('Title').fill('The Missing Title')
  await dialog.getByRole('button', { name: 'Put it on the shelf' }).click()
  await expect(dialog.getByRole('heading', { name: 'Repair row 62' })).toBeVisible()
  await expect(dialog.getByText('Name at least one author.')).toBeVisible()
  await inspect(page, 'shelf-import-repair')
  await dialog.getByRole('textbox', { name: 'Author 1' }).fill('Ann Author')
  await dialog.getByRole('button', { name: 'Put it on the shelf' }).click()
  await expect(dialog.getByRole('heading', { name: 'Repair row 92' })).toBeVisible()
  await dialog.getByRole('button', { name: 'Skip this row' }).click()
  await expect(page.getByRole('heading', { name: 'All rows are dealt with' })).toBeFocused()
  await inspect(page, 'shelf-import-repaired')

  const { data } = await olga.api.GET('/api/v1/books/mine', { params: { query: { q: 'The Missing Title' } } })
  expect(data?.data).toEqual([expect.objectContaining({ title: 'The Missing Title', publishedYear: 1901 })])

  // The same list again brings nothing twice, and says what each row is already.
  expect(await importFile(page, 'again.csv', list('A'))).toBe(0)
  await page.getByText('On your shelf already').click()
  await expect(page.getByRole('link', { name: /^The same book as “Volume 0 A”/ })).toBeVisible()
})

test('the rows to repair of all imports are counted on the shelf, and each leads to its import', async ({
  community,
  signedIn,
}) => {
  const page = await signedIn(await community.register('Olga'))
  for (const [name, ...titles] of [
    ['first', 'One', ''],
    ['second', '', 'Two', ''],
    ['third', 'Three'],
  ]) {
    const rows = titles.map((title, place) => `${title},Ann Author of the ${name},${1950 + place}`)
    await importFile(page, `${name}.csv`, ['title,authors,year', ...rows].join('\n'))
  }
  await page.goto('/shelf')
  await expect(page.getByText('3 rows need repair.')).toBeVisible()
  await page.setViewportSize({ width: 320, height: 700 })
  await inspect(page, 'shelf-notice-of-two-imports')
  await page
    .getByRole('link', { name: /^Import of/ })
    .last()
    .click()
  await expect(page.getByRole('heading', { name: '1 row needs repair' })).toBeVisible()
})

test('a file sent once more, with its bad rows, has them repaired once', async ({ community, signedIn }) => {
  const page = await signedIn(await community.register('Olga'))
  for (const name of ['once.csv', 'twice.csv'])
    await importFile(page, name, 'title,authors,year\nOne,Ann Author,1950\n,Ann Author,1951\n')
  await page.goto('/shelf')
  await expect(page.getByText('1 row needs repair.')).toBeVisible()
})

test('a file that is no list is refused in words', async ({ community, signedIn, troubles }) => {
  troubles.expect(/400/)
  const page = await signedIn(await community.register('Olga'))
  await page.goto('/shelf/import')
  const choose = page.getByLabel('Choose a file')
  const picture = Buffer.from('89504e470d0a1a0a0000000d4948445200000001000000010806000000', 'hex')
  await choose.setInputFiles({ name: 'picture.csv', mimeType: 'text/csv', buffer: picture })
  await expect(page.getByRole('alert')).toContainText('This file cannot be read')
  await choose.setInputFiles({ name: 'books.xlsx', mimeType: 'application/octet-stream', buffer: picture })
  await expect(page.getByRole('alert')).toContainText('This is the workbook of a spreadsheet.')
})

test('a list is dropped on the page', async ({ community, signedIn }, info) => {
  const page = await signedIn(await community.register('Olga'), { wide: true })
  await page.goto('/shelf/import')
  const file = info.outputPath('dropped.csv')
  writeFileSync(file, list('D'))
  const target = page.getByText('or drop it here')
  await expect(target).toBeVisible()
  const box = (await target.boundingBox())!
  // As from a file manager: a drag that a script makes up is none, and browsers do not take it.
  const devtools = await page.context().newCDPSession(page)
  const place = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await devtools.send('Input.dispatchDragEvent', {
      type,
      ...place,
      data: { items: [], files: [file], dragOperationsMask: 1 },
    })
  await expect(page.getByText('200 books will be put on your shelf.')).toBeVisible({ timeout: 30_000 })
})

test('a file that is too large is refused in words, and not sent', async ({ community, signedIn }, info) => {
  const page = await signedIn(await community.register('Olga'))
  await page.goto('/shelf/import')
  await expect(page.getByText(/^Up to 3[24] ?MB/)).toBeVisible()
  let uploads = 0
  page.on('request', (request) => {
    if (request.method() === 'POST' && new URL(request.url()).pathname.endsWith('/books/import')) uploads += 1
  })
  const file = info.outputPath('huge.csv')
  writeFileSync(file, Buffer.alloc(33 * 1024 * 1024, 'title,authors\n'))
  await page.getByLabel('Choose a file').setInputFiles(file)
  await expect(page.getByRole('alert')).toContainText('This file is too large.')
  expect(uploads).toBe(0)
  await expect(page.getByLabel('Choose a file')).toBeAttached()
})
