import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from './fixtures'
import { putOnShelf, upload } from './importing'
import { inspect } from './inspect'

/** Files under the true headers of real exports. They lie beside the checkout, where they lie at all. */
const FILES = join(import.meta.dirname, '../../../../shared/data/files')

const files: Array<{ name: string; readAs: string; comes: number }> = [
  { name: 'goodreads.csv', readAs: 'An export from Goodreads', comes: 6 },
  { name: 'librarything.tsv', readAs: 'An export from LibraryThing', comes: 5 },
  { name: 'storygraph.csv', readAs: 'An export from StoryGraph', comes: 4 },
  { name: 'calibre.csv', readAs: 'An export from Calibre', comes: 3 },
  { name: 'openreads.csv', readAs: 'An export from Openreads', comes: 2 },
  { name: 'copies.csv', readAs: 'A table of your own', comes: 7 },
  { name: 'excel-windows-1252.csv', readAs: 'A table of your own', comes: 3 },
  { name: 'excel-unicode-utf16le.txt', readAs: 'A table of your own', comes: 3 },
  { name: 'mac-cr-only.csv', readAs: 'A table of your own', comes: 3 },
  { name: 'isbn-spreadsheet.csv', readAs: 'A table of your own', comes: 8 },
]

for (const { name, readAs, comes } of files)
  test(`${name} as a member brings it`, async ({ community, signedIn }) => {
    const file = join(FILES, name)
    if (!existsSync(file)) {
      console.log(`skipped: there is no ${name} beside the checkout`)
      test.skip()
    }
    const page = await signedIn(await community.register('Olga'))
    await upload(page, name, readFileSync(file))
    await expect(page.getByRole('heading', { name: `Read as: ${readAs}` })).toBeVisible()
    await inspect(page, `shelf-file-review-${name}`)
    expect(await putOnShelf(page)).toBe(comes)
    for (const group of await page.locator('details:not([open]) > summary').all()) await group.click()
    await inspect(page, `shelf-file-report-${name}`)
    await expect(page.getByText('The import broke off.')).toBeHidden()
  })
