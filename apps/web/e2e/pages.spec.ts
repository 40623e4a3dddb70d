import type { Borrow, Community, Member } from './community'
import { DESK, PHONE, test } from './fixtures'
import { inspect } from './inspect'

/** The community that every page is looked at in. */
interface Scene {
  community: Community
  ada: Member
  grace: Member
  barbara: Member
}

interface Row {
  name: string
  as: 'visitor' | 'barbara' | 'grace' | 'ada'
  /** Where it is; whatever must exist for it is made here. */
  path: string | ((scene: Scene) => Promise<string>)
}

/** Every page, as somebody who may see it. A page without a row is not looked at: add yours, in each state it can be in. */
const PAGES: Row[] = [
  { name: 'browse', as: 'visitor', path: '/' },
  { name: 'browse-nothing-found', as: 'visitor', path: '/?q=zzzzzzzz' },
  { name: 'book', as: 'visitor', path: ({ barbara }) => firstBook(barbara) },
  { name: 'book-own', as: 'barbara', path: ({ barbara }) => firstBook(barbara) },
  { name: 'book-edit', as: 'barbara', path: async ({ barbara }) => `${await firstBook(barbara)}/edit` },
  { name: 'login', as: 'visitor', path: '/login' },
  { name: 'register', as: 'visitor', path: '/register' },
  { name: 'forgot-password', as: 'visitor', path: '/forgot-password' },
  { name: 'reset-password', as: 'visitor', path: '/reset-password?token=0123456789' },
  { name: 'not-found', as: 'visitor', path: '/no/such/page' },
  { name: 'shelf', as: 'barbara', path: '/shelf' },
  { name: 'shelf-add', as: 'barbara', path: '/shelf/add' },
  { name: 'shelf-import', as: 'barbara', path: '/shelf/import' },
  { name: 'loans', as: 'barbara', path: '/loans' },
  { name: 'loan', as: 'barbara', path: ({ barbara }) => firstLoan(barbara) },
  { name: 'loan-to-answer', as: 'ada', path: ({ ada }) => firstLoan(ada, 'pending') },
  { name: 'loan-to-hand-over', as: 'ada', path: ({ ada }) => firstLoan(ada, 'approved') },
  { name: 'loan-extension', as: 'grace', path: ({ grace }) => firstLoan(grace, 'active') },
  { name: 'loan-disputed', as: 'grace', path: ({ ada }) => firstLoan(ada, 'disputed') },
  { name: 'notifications', as: 'barbara', path: '/notifications' },
  { name: 'account-profile', as: 'barbara', path: '/account/profile' },
  { name: 'account-password', as: 'barbara', path: '/account/password' },
  { name: 'account-sessions', as: 'barbara', path: '/account/sessions' },
  { name: 'account-delete', as: 'barbara', path: '/account/delete' },
  { name: 'moderation', as: 'grace', path: '/moderation' },
  { name: 'moderation-settled', as: 'grace', path: settled },
  { name: 'admin-members', as: 'ada', path: '/admin/members' },
  { name: 'admin-events', as: 'ada', path: '/admin/events' },
  { name: 'admin-subscriptions', as: 'ada', path: '/admin/subscriptions' },
  { name: 'admin-dead-letters', as: 'ada', path: '/admin/dead-letters' },
  { name: 'admin-projections', as: 'ada', path: '/admin/projections' },
]

async function firstBook(owner: Member): Promise<string> {
  const { data } = await owner.api.GET('/api/v1/books/mine', { params: { query: { limit: 1 } } })
  return `/books/${data!.data[0]!.id}`
}

/** The list with one settled dispute between two others. */
async function settled({ community }: Scene): Promise<string> {
  const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
  const borrow = await community.asks(finn, await community.book(olga, 'Howards End'))
  await community.step(olga, borrow, 'approve', {})
  await community.step(olga, borrow, 'hand-over', {})
  await community.step(finn, borrow, 'declare-return', {})
  await community.step(olga, borrow, 'not-received', {})
  const mia = await community.staff('Mia', 'moderator')
  await community.step(mia, borrow, 'resolve', { outcome: 'lost', note: 'Neither of them has it.' })
  return '/moderation?show=settled'
}

async function firstLoan(member: Member, status?: Borrow['status']): Promise<string> {
  const query = { limit: 1, ...(status && { status }) }
  const { data } = await member.api.GET('/api/v1/borrows', { params: { query } })
  return `/loans/${data!.data[0]!.id}`
}

for (const { name, as, path } of PAGES) {
  for (const language of ['en', 'fr'] as const) {
    test(`${name} in ${language}`, async ({ community, visitor, signedIn }) => {
      const [ada, grace, barbara] = await Promise.all([
        community.demo('ada'),
        community.demo('grace'),
        community.demo('barbara'),
      ])
      const scene: Scene = { community, ada, grace, barbara }
      const page = await (as === 'visitor' ? visitor({ language }) : signedIn(scene[as], { language }))
      await page.goto(typeof path === 'string' ? path : await path(scene))
      for (const [width, viewport] of [
        ['360', PHONE],
        ['1280', DESK],
      ] as const) {
        await page.setViewportSize(viewport)
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme })
          await inspect(page, `${name}.${language}.${colorScheme}.${width}`)
        }
      }
    })
  }
}
