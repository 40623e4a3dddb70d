import { Community, taken, type Borrow } from './community'
import { explore } from './explore'
import { expect, test as base, type Page } from './fixtures'
import { HOSTILE, hostileScene, type RealBook, realBooks } from './hostile'
import { fits, settled } from './inspect'
import { PAGES, type Row, type Scene } from './pages'

/** Made once for all tests of a worker. */
const test = base.extend<object, { scene: Scene; shelved: RealBook[] | undefined }>({
  scene: [async ({}, provide) => provide(await hostileScene(new Community())), { scope: 'worker' }],
  shelved: [async ({}, provide) => provide(await shelveRealBooks(new Community())), { scope: 'worker' }],
})

/** Loans that no row of the table shows. */
const LOANS: ['ada' | 'barbara', Borrow['status']][] = [
  ['ada', 'return_pending'],
  ['ada', 'returned'],
  ['barbara', 'approved'],
  ['barbara', 'active'],
  ['barbara', 'disputed'],
  ['barbara', 'rejected'],
]

/** What pages show of such texts, beyond the states of the table. */
const MORE: Row[] = [
  { name: 'browse-all', as: 'barbara', path: '/?sort=title' },
  { name: 'browse-owner', as: 'visitor', path: ({ ada }) => Promise.resolve(`/?owner=${ada.id}`) },
  { name: 'browse-category', as: 'visitor', path: `/?category=${HOSTILE.category}&language=en` },
  { name: 'browse-search', as: 'visitor', path: `/?q=${HOSTILE.authors[0].slice(0, 60)}` },
  { name: 'browse-long-search', as: 'visitor', path: `/?q=${HOSTILE.authors[0]}` },
  { name: 'browse-suggestions-of-such', as: 'visitor', path: '/', after: suggestions },
  { name: 'bell', as: 'ada', path: '/account/password', after: bell },
  { name: 'account-menu', as: 'ada', path: '/', after: accountMenu },
  // Members alone are shown where somebody lives, and what they say of themselves.
  { name: 'person-of-ada', as: 'grace', path: ({ ada }) => Promise.resolve(`/people/${ada.id}`), after: introduced },
  {
    name: 'person-of-barbara',
    as: 'ada',
    path: ({ barbara }) => Promise.resolve(`/people/${barbara.id}`),
    after: introduced,
  },
  ...[0, 2, 3, 5].map((place): Row => ({ name: `book-${place}`, as: 'visitor', path: (scene) => book(scene, place) })),
  ...LOANS.map(([as, status]): Row => ({
    name: `loan-${status}-of-${as}`,
    as,
    path: (scene) => loan(scene, as, status),
  })),
]

async function book({ barbara }: Scene, place: number): Promise<string> {
  const { data, response, error } = await barbara.api.GET('/api/v1/books/mine', { params: { query: { limit: 100 } } })
  return `/books/${taken(data, response, error)[place]!.id}`
}

async function loan(scene: Scene, as: 'ada' | 'barbara', status: Borrow['status']): Promise<string> {
  const query = { status, limit: 1 }
  const { data, response, error } = await scene[as].api.GET('/api/v1/borrows', { params: { query } })
  return `/loans/${taken(data, response, error)[0]!.id}`
}

async function suggestions(page: Page): Promise<void> {
  const search = page.getByRole('main').getByRole('search')
  await search.locator('input').click()
  await search.getByRole('combobox').pressSequentially(HOSTILE.authors[0].slice(0, 4))
  await expect(page.getByRole('listbox')).toBeVisible()
}

async function introduced(page: Page): Promise<void> {
  await expect(page.getByRole('main').getByText(HOSTILE.location)).toBeVisible()
  await expect(page.getByRole('main').getByText(HOSTILE.note)).toBeVisible()
}

async function bell(page: Page): Promise<void> {
  await page.setViewportSize({ width: 1280, height: 800 })
  await page
    .getByRole('banner')
    .getByRole('button', { name: /otification/ })
    .click()
  await expect(page.getByRole('dialog')).toBeVisible()
}

async function accountMenu(page: Page): Promise<void> {
  await page.getByRole('banner').locator('button[aria-haspopup=menu]').click()
  await expect(page.getByRole('menu')).toBeVisible()
}

for (const { name, as, path, before, after, opens, troubles: expected } of [...PAGES, ...MORE]) {
  test(`${name} holds out against hostile texts`, async ({ scene, visitor, signedIn, troubles }) => {
    // In French, whose words are longer.
    const look = { language: 'fr' } as const
    const page = await (as === 'visitor' ? visitor(look) : signedIn(scene[as], look))
    troubles.expect(...(expected ? [expected] : []))
    await before?.(page)
    await page.goto(typeof path === 'string' ? path : await path(scene))
    await after?.(page)
    await fits(page, `hostile/${name}`)
    if (before || after) return
    troubles.expect(/409/)
    await page.setViewportSize({ width: 390, height: 800 })
    const opened = await explore(page, (part) => fits(page, `hostile/${name}.${part}`))
    if (opens) expect(opened, `what opens on ${name}`).toBeGreaterThan(0)
  })
}

/** What people look for, well spelt and not. */
const SEARCHES = [
  'harry potter',
  'hary poter',
  'tolkien',
  'lord of the rings',
  'shakespeare',
  'the',
  'calvin and hobbes',
  'agatha christie',
  'dr seuss',
  'neil gaiman',
  'terry pratchett',
  'star wars',
  'complete works',
  'sandman',
  'anthology',
  'best american',
  'alice',
  'dostoevsky',
  'garcía márquez',
  'watchmen',
]

async function shelveRealBooks(community: Community): Promise<RealBook[] | undefined> {
  const books = realBooks()
  if (!books) return undefined
  const owner = await community.register('Octavia')
  for (const { title, authors } of books) await community.book(owner, title, { authors })
  return books
}

test('everyday searches among real books stay within the screen', async ({ shelved, visitor }) => {
  test.skip(!shelved, 'there are no real books at ../shared/data/goodbooks-10k')
  const page = await visitor()
  for (const [place, words] of SEARCHES.entries()) {
    await page.goto(`/?${new URLSearchParams({ q: words })}`)
    await settled(page)
    await fits(page, `real/${String(place).padStart(2, '0')}-${words.replaceAll(/\W/g, '-')}`)
  }
})

test('the books with the longest titles and lines of authors keep to their pages', async ({ shelved, visitor }) => {
  test.skip(!shelved, 'there are no real books at ../shared/data/goodbooks-10k')
  const page = await visitor()
  const longest = [
    shelved!.toSorted((one, other) => other.title.length - one.title.length)[0]!,
    shelved!.toSorted((one, other) => other.authors.length - one.authors.length)[0]!,
  ]
  for (const [place, { title }] of longest.entries()) {
    await page.goto(`/?${new URLSearchParams({ q: title.slice(0, 200) })}`)
    await page.getByRole('main').locator('a[href^="/books/"]').first().click()
    await settled(page)
    await fits(page, `real/book-${place}`)
  }
})
