import type { Borrow, Community, Member } from './community'
import { expect, type Page } from './fixtures'
import { jobsRun, monthsCounted, nothingCounted } from './recurring'
import { REPORT_PAGES } from './report-pages'

/** The community that every page is looked at in. */
export interface Scene {
  community: Community
  /** An administrator, who lends books: requests, a hand-over and a dispute wait for her. */
  ada: Member
  /** A moderator, who borrows. */
  grace: Member
  /** A member with a shelf and loans. */
  barbara: Member
  /** What the members that a row makes are called, and what they write. */
  words: { owner: string; borrower: string; title: string; note: string }
}

export interface Row {
  name: string
  as: 'visitor' | 'barbara' | 'grace' | 'ada'
  /** Where it is; whatever must exist for it is made here. */
  path: string | ((scene: Scene) => Promise<string>)
  /** Before it is opened: what the host shall answer instead. */
  before?: (page: Page) => Promise<void>
  /** What is done on it before it is looked at, in either language. */
  after?: (page: Page) => Promise<void>
  /** There is something on it that opens or unfolds: `explore` must see it do so. */
  opens?: true
  /** Rules of axe that do not fit it. */
  except?: string[]
  /** What the browser may complain of. */
  troubles?: RegExp
}

/** Every page, as somebody who may see it. A page without a row is not looked at: add yours, in each state it can be in. */
export const PAGES: Row[] = [
  { name: 'browse', as: 'visitor', path: '/' },
  { name: 'browse-nothing-found', as: 'visitor', path: '/?q=zzzzzzzz' },
  // While its list is open, Base UI hides the rest from screen readers: leaving the list closes it.
  {
    name: 'browse-suggestions',
    as: 'visitor',
    path: '/',
    after: suggestions,
    except: ['aria-hidden-focus'],
  },
  { name: 'browse-filters', as: 'visitor', path: '/?language=en&available=true' },
  { name: 'browse-failed', as: 'visitor', path: '/?sort=title', before: listFails, troubles: /500/ },
  { name: 'book', as: 'visitor', path: ({ barbara }) => firstBook(barbara) },
  { name: 'book-own', as: 'barbara', path: ({ barbara }) => firstBook(barbara), opens: true },
  { name: 'book-edit', as: 'barbara', path: async ({ barbara }) => `${await firstBook(barbara)}/edit` },
  { name: 'book-ask', as: 'barbara', path: async ({ ada }) => `${await freeBook(ada)}?ask`, after: dialog },
  { name: 'person', as: 'visitor', path: ({ barbara }) => Promise.resolve(`/people/${barbara.id}`) },
  { name: 'person-self', as: 'barbara', path: ({ barbara }) => Promise.resolve(`/people/${barbara.id}`) },
  { name: 'person-new', as: 'grace', path: newcomer },
  { name: 'person-missing', as: 'visitor', path: '/people/nobody', troubles: /40[04]/ },
  { name: 'login', as: 'visitor', path: '/login' },
  { name: 'login-unproved', as: 'visitor', path: '/login', before: notProved, after: logsIn, troubles: /403/ },
  { name: 'register', as: 'visitor', path: '/register' },
  { name: 'register-proof', as: 'visitor', path: '/register', before: proofFirst },
  { name: 'register-mailed', as: 'visitor', path: '/register', before: proofFirst, after: registers },
  {
    name: 'verify-email',
    as: 'visitor',
    path: '/verify-email?token=0123456789',
    before: wantsPassword,
    troubles: /400/,
  },
  { name: 'verify-email-spent', as: 'visitor', path: '/verify-email?token=0123456789', troubles: /400/ },
  { name: 'forgot-password', as: 'visitor', path: '/forgot-password' },
  { name: 'reset-password', as: 'visitor', path: '/reset-password?token=0123456789' },
  { name: 'unsubscribe', as: 'visitor', path: `/unsubscribe?token=late.${'0'.repeat(32)}.${'0'.repeat(32)}` },
  { name: 'unsubscribe-broken', as: 'visitor', path: '/unsubscribe' },
  { name: 'not-found', as: 'visitor', path: '/no/such/page' },
  { name: 'shelf', as: 'barbara', path: '/shelf', opens: true },
  { name: 'shelf-delete', as: 'barbara', path: '/shelf', after: (page) => deleting(page) },
  { name: 'shelf-delete-refused', as: 'grace', path: '/shelf', after: deleteRefused, troubles: /409/ },
  { name: 'shelf-add', as: 'barbara', path: '/shelf/add' },
  { name: 'shelf-describe', as: 'barbara', path: '/shelf/add?step=details' },
  { name: 'shelf-import', as: 'barbara', path: '/shelf/import' },
  { name: 'shelf-import-review', as: 'grace', path: (scene) => imported(scene, true) },
  { name: 'shelf-import-report', as: 'grace', path: (scene) => imported(scene, false) },
  { name: 'loans', as: 'barbara', path: '/loans' },
  { name: 'loan', as: 'barbara', path: ({ barbara }) => firstLoan(barbara) },
  { name: 'loan-to-answer', as: 'ada', path: ({ ada }) => firstLoan(ada, 'pending'), opens: true },
  { name: 'loan-to-hand-over', as: 'ada', path: ({ ada }) => firstLoan(ada, 'approved') },
  { name: 'loan-extension', as: 'grace', path: ({ grace }) => firstLoan(grace, 'active') },
  { name: 'loan-agreed-without-place', as: 'barbara', path: withoutPlace },
  { name: 'loan-settled', as: 'grace', path: settledLoan },
  { name: 'loan-talk', as: 'barbara', path: talk },
  { name: 'loan-talk-failed', as: 'barbara', path: talk, before: messagesFail, after: writes, troubles: /409/ },
  { name: 'loans-of-one-book', as: 'barbara', path: severalRequests },
  { name: 'loan-disputed', as: 'grace', path: ({ ada }) => firstLoan(ada, 'disputed') },
  { name: 'loan-agree', as: 'ada', path: ({ ada }) => firstLoan(ada, 'pending'), after: agreeing },
  { name: 'notifications', as: 'barbara', path: '/notifications' },
  { name: 'account-profile', as: 'barbara', path: '/account/profile' },
  { name: 'account-notifications', as: 'barbara', path: '/account/notifications' },
  { name: 'account-password', as: 'barbara', path: '/account/password' },
  { name: 'account-sessions', as: 'barbara', path: '/account/sessions' },
  { name: 'account-api-keys-none', as: 'barbara', path: '/account/api-keys', opens: true },
  { name: 'account-api-keys', as: 'ada', path: ({ ada }) => withKeys(ada), opens: true },
  { name: 'account-api-key-form', as: 'grace', path: '/account/api-keys', after: makingAKey },
  { name: 'account-api-key-made', as: 'grace', path: '/account/api-keys', before: aKeyIsMade, after: makeAKey },
  { name: 'account-calendar-none', as: 'barbara', path: '/account/calendar' },
  { name: 'account-calendar', as: 'ada', path: withCalendar },
  { name: 'account-calendar-made', as: 'grace', path: '/account/calendar', after: makeCalendar },
  { name: 'account-blocks-none', as: 'ada', path: '/account/blocks' },
  { name: 'account-blocks', as: 'grace', path: withBlocks },
  { name: 'person-block', as: 'barbara', path: newcomer, after: blocking },
  { name: 'person-blocked', as: 'barbara', path: blockedNewcomer },
  { name: 'account-api-key-lose', as: 'grace', path: '/account/api-keys', before: aKeyIsMade, after: loseAKey },
  { name: 'account-delete', as: 'barbara', path: '/account/delete' },
  { name: 'moderation', as: 'grace', path: '/moderation' },
  { name: 'moderation-settled', as: 'grace', path: settled },
  { name: 'admin-members', as: 'ada', path: '/admin/members' },
  { name: 'admin-events', as: 'ada', path: '/admin/events' },
  { name: 'admin-subscriptions', as: 'ada', path: '/admin/subscriptions' },
  { name: 'admin-dead-letters', as: 'ada', path: '/admin/dead-letters' },
  { name: 'admin-mails', as: 'ada', path: '/admin/mails' },
  { name: 'admin-projections', as: 'ada', path: '/admin/projections' },
  ...REPORT_PAGES,
  { name: 'admin-jobs', as: 'ada', path: '/admin/jobs' },
  { name: 'admin-jobs-running', as: 'ada', path: '/admin/jobs', before: jobsRun },
  { name: 'admin-months', as: 'ada', path: '/admin/months', before: monthsCounted },
  { name: 'admin-months-none', as: 'ada', path: '/admin/months', before: nothingCounted },
]

async function firstBook(owner: Member): Promise<string> {
  const { data } = await owner.api.GET('/api/v1/books/mine', { params: { query: { limit: 1 } } })
  return `/books/${data!.data[0]!.id}`
}

/** A file with all that can be said of one: shelves, a book not owned, a wrong number, a row that is no book. */
async function imported({ community, grace, words }: Scene, review: boolean): Promise<string> {
  const rows = [
    ['Book Id', 'Title', 'Author', 'Additional Authors', 'ISBN', 'My Rating', 'Bookshelves', 'Exclusive Shelf'],
    ['1', words.title, words.borrower, words.owner, '', '5', '', 'read'],
    ['2', `${words.borrower} 1911`, words.owner, '', '', '4', words.owner.slice(0, 60), words.borrower],
    ['3', `2. ${words.title}`.slice(0, 500), words.borrower, words.owner, '0439023484', '', '', 'read'],
    ['4', words.title, words.borrower, words.owner, '', '', '', 'to-read'],
    ['5', '', words.borrower, '', '', words.note.slice(0, 400), '', 'read'],
  ]
  const csv = rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')).join('\n')
  return `/shelf/import/${await community.import(grace, csv, review)}`
}

/** Somebody without books, whose name is long and reads from right to left. */
async function newcomer({ community }: Scene): Promise<string> {
  const { id } = await community.register('عبد الرحمن بن محمد المراكشي الأندلسي ' + 'ي'.repeat(40))
  return `/people/${id}`
}

/** Two members, one of them with a long name in another writing. */
async function withBlocks({ community, grace, words }: Scene): Promise<string> {
  for (const name of ['عبد الرحمن بن محمد المراكشي الأندلسي ' + 'ي'.repeat(40), words.owner])
    await community.block(grace, await community.register(name))
  return '/account/blocks'
}

async function blockedNewcomer({ community, barbara, words }: Scene): Promise<string> {
  const member = await community.register(words.owner)
  await community.book(member, words.title)
  await community.block(barbara, member)
  return `/people/${member.id}`
}

async function blocking(page: Page): Promise<void> {
  await page
    .getByRole('main')
    .getByRole('button', { name: /^(More actions|Autres actions)$/ })
    .click()
  await page.getByRole('menuitem').last().click()
  await expect(page.getByRole('alertdialog')).toBeVisible()
}

/** The list with one settled dispute between two others. */
async function settled(scene: Scene): Promise<string> {
  await settledDispute(scene, await scene.community.staff('Mia', 'moderator'))
  return '/moderation?show=settled'
}

/** For who settled it. */
async function settledLoan(scene: Scene): Promise<string> {
  return `/loans/${(await settledDispute(scene, scene.grace)).id}`
}

async function settledDispute({ community, words }: Scene, moderator: Member): Promise<Borrow> {
  const [olga, finn] = [await community.register(words.owner), await community.register(words.borrower)]
  const borrow = await community.asks(finn, await community.book(olga, words.title))
  await community.step(olga, borrow, 'approve', {})
  await community.step(olga, borrow, 'hand-over', {})
  await community.step(finn, borrow, 'declare-return', {})
  await community.step(olga, borrow, 'not-received', {})
  return community.step(moderator, borrow, 'resolve', { outcome: 'lost', note: words.note })
}

/** Two who do not agree where a book is, and a moderator who asks. */
async function talk({ community, barbara, words }: Scene): Promise<string> {
  const olga = await community.register(words.owner)
  const mia = await community.staff('Mia', 'moderator')
  const borrow = await community.asks(barbara, await community.book(olga, words.title), 21, words.note)
  await community.step(olga, borrow, 'approve', {})
  await community.says(barbara, borrow, 'Saturday at the bakery?\nI am the one with the hat.')
  await community.says(olga, borrow, `${words.note} ${words.borrower}`)
  await community.says(olga, borrow, `https://example.org/${words.title}`)
  await community.step(olga, borrow, 'hand-over', {})
  await community.step(barbara, borrow, 'declare-return', {})
  await community.step(olga, borrow, 'not-received', {})
  await community.says(mia, borrow, 'Who saw it last?')
  return `/loans/${borrow.id}`
}

function messagesFail(page: Page): Promise<void> {
  return refused(page, '**/messages', 409, 'TOO_MANY_MESSAGES')
}

async function writes(page: Page): Promise<void> {
  await page.getByRole('main').getByRole('textbox').fill('I put it into the blue box beside the door.')
  await page.getByRole('button', { name: /^(Send|Envoyer)$/ }).click()
  await expect(page.getByRole('button', { name: /^(Try again|Réessayer)$/ })).toBeVisible()
}

async function withoutPlace({ community, barbara, words }: Scene): Promise<string> {
  const olga = await community.register(words.owner)
  const borrow = await community.asks(barbara, await community.book(olga, words.title))
  await community.step(olga, borrow, 'approve', {})
  return `/loans/${borrow.id}`
}

/** Three who ask for one of her books. */
async function severalRequests({ community, barbara }: Scene): Promise<string> {
  const book = await community.book(barbara, 'The Machine Stops')
  for (const name of ['Olga', 'Finn', 'Nora']) await community.asks(await community.register(name), book)
  return '/loans'
}

async function agreeing(page: Page): Promise<void> {
  await page
    .getByRole('main')
    .getByRole('button', { name: /^(Agree|Accepter)$/ })
    .click()
  await dialog(page)
}

async function firstLoan(member: Member, status?: Borrow['status']): Promise<string> {
  const query = { limit: 1, ...(status && { status }) }
  const { data } = await member.api.GET('/api/v1/borrows', { params: { query } })
  return `/loans/${data!.data[0]!.id}`
}

async function freeBook(owner: Member): Promise<string> {
  const { data } = await owner.api.GET('/api/v1/books/mine', { params: { query: { limit: 100 } } })
  return `/books/${data!.data.findLast(({ available }) => available)!.id}`
}

async function suggestions(page: Page): Promise<void> {
  const search = page.getByRole('main').getByRole('search')
  await search.locator('input').click()
  await search.getByRole('combobox').pressSequentially('an')
  await expect(page.getByRole('listbox')).toBeVisible()
}

async function listFails(page: Page): Promise<void> {
  const error = { code: 'INTERNAL', message: 'a fault', details: [] }
  await page.route('**/api/v1/books?*', (route) =>
    route.fulfill({ status: 500, json: { success: false, error, statusCode: 500, traceId: '7d2f3b9c01a4' } }),
  )
}

async function refused(page: Page, path: string, statusCode: number, code: string, field?: string): Promise<void> {
  const error = { code, message: 'refused', details: field ? [{ field, message: 'is needed' }] : [] }
  await page.route(path, (route) =>
    route.fulfill({ status: statusCode, json: { success: false, error, statusCode, traceId: '7d2f3b9c01a4' } }),
  )
}

function notProved(page: Page): Promise<void> {
  return refused(page, '**/auth/login', 403, 'EMAIL_NOT_PROVED')
}

function wantsPassword(page: Page): Promise<void> {
  return refused(page, '**/auth/verify-email', 400, 'VALIDATION_ERROR', 'newPassword')
}

const LONG_ADDRESS = `${'wilhelmina.konstantinopolitanska.'.repeat(3)}x@bibliotheque.villefranche.example`

async function logsIn(page: Page): Promise<void> {
  await page.getByRole('textbox', { name: /^(Mail address|Adresse électronique)$/ }).fill(LONG_ADDRESS)
  await page.getByLabel(/^(Password|Mot de passe)$/).fill('correct horse battery')
  await page
    .getByRole('main')
    .getByRole('button', { name: /^(Log in|Se connecter)$/ })
    .click()
  await expect(page.getByText(LONG_ADDRESS)).toBeVisible()
}

/** As a host answers that wants addresses proved first. */
async function proofFirst(page: Page): Promise<void> {
  await page.route('**/api/v1/community', async (route) => {
    const answer = await route.fetch()
    const body = (await answer.json()) as { data: object }
    await route.fulfill({ response: answer, json: { ...body, data: { ...body.data, proofRequired: true } } })
  })
  await page.route('**/auth/register', (route) => route.fulfill({ status: 202 }))
}

async function registers(page: Page): Promise<void> {
  await page.getByRole('textbox', { name: /^(Your name|Votre nom)/ }).fill('Wilhelmina')
  await page.getByRole('textbox', { name: /^(Mail address|Adresse électronique)/ }).fill(LONG_ADDRESS)
  await page.getByRole('button', { name: /^(Join|S’inscrire)$/ }).click()
  await expect(page.getByText(LONG_ADDRESS)).toBeVisible()
}

/** Two keys, one of them with a long name in another writing. */
async function withKeys({ api, password }: Member): Promise<string> {
  const { data } = await api.GET('/api/v1/auth/api-keys')
  if (data!.data.length === 0) {
    const expiresAt = new Date(Date.now() + 90 * 86_400_000).toISOString()
    const scopes = ['write:book', 'write:borrow', 'moderate:book', 'delete:user', 'admin']
    const name = 'מצלמת הספרים שליד המדף הגדול, ' + 'the scanner beside the large shelf in the cellar '.repeat(1)
    await api.POST('/api/v1/auth/api-keys', { body: { name, scopes, expiresAt, currentPassword: password } })
    const more = { name: 'Nightly export', scopes: [], currentPassword: password }
    await api.POST('/api/v1/auth/api-keys', { body: more })
  }
  return '/account/api-keys'
}

async function withCalendar({ ada }: Scene): Promise<string> {
  await ada.api.POST('/api/v1/profile/calendar-feed')
  return '/account/calendar'
}

/** The address is replaced where an earlier look has left one. */
async function makeCalendar(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: /^(Make the address|Make a new address|Créer l’adresse|Créer une nouvelle adresse)$/ })
    .click()
  const address = page.getByRole('textbox', { name: /^(Address of your calendar|Adresse de votre agenda)/ })
  const again = page.getByRole('alertdialog').getByRole('button', { name: /^(Make a new|Créer une nouvelle)/ })
  await expect(address.or(again)).toBeVisible()
  if (await again.isVisible()) await again.click()
  await expect(address).toBeVisible()
}

async function makingAKey(page: Page): Promise<void> {
  await page.getByRole('button', { name: /Make a key|Créer une clé/ }).click()
  await dialog(page)
}

async function aKeyIsMade(page: Page): Promise<void> {
  await page.route('**/api/v1/auth/api-keys', async (route) => {
    if (route.request().method() !== 'POST') return route.fallback()
    const key = `fsk_${'Ab3dEf6hIj'.repeat(4)}Kl9000000`
    const view = { id: '01936f8e-0000-7000-8000-00000000000b', name: 'x', beginning: 'fsk_Ab3d', scopes: [], key }
    const data = { ...view, createdAt: new Date().toISOString(), expiresAt: null, lastUsedAt: null }
    await route.fulfill({ status: 201, json: { success: true, data } })
  })
}

async function makeAKey(page: Page): Promise<void> {
  await makingAKey(page)
  await page.getByLabel(/^(Name|Nom)$/).fill('Scanner')
  await page.getByLabel(/^(Present password|Mot de passe actuel)$/).fill('folkshelf-demo')
  await page.getByRole('button', { name: /Make the key|Créer la clé/ }).click()
  await expect(page.getByRole('textbox', { name: /^(Key|Clé)$/ })).toBeVisible()
}

async function loseAKey(page: Page): Promise<void> {
  await makeAKey(page)
  await page.keyboard.press('Escape')
  await expect(page.getByRole('alertdialog')).toBeVisible()
}

async function dialog(page: Page): Promise<void> {
  await expect(page.getByRole('dialog')).toBeVisible()
}

/** The first book of the shelf, or the first with that title. */
async function deleting(page: Page, title = /./): Promise<void> {
  const book = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: title }) })
  await book
    .first()
    .getByRole('button', { name: /^(More|Autres actions)/ })
    .click()
  await page.getByRole('menuitem', { name: /^(Delete|Supprimer)/ }).click()
  await expect(page.getByRole('alertdialog')).toBeVisible()
}

async function deleteRefused(page: Page): Promise<void> {
  await deleting(page, /^Emma$/)
  await page
    .getByRole('alertdialog')
    .getByRole('button', { name: /^(Delete|Supprimer)/ })
    .click()
  await expect(page.getByRole('button', { name: /See the loan|Voir le prêt/ })).toBeVisible()
}
