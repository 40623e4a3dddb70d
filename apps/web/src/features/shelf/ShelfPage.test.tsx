import { configure, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { session } from '@/api/session'
import { fakeHost, refusal, signedIn, success } from '@/test/host'
import { renderPage } from '@/test/render'
import { unsaid } from '@/ui/toast'
import type { Book } from './book-form'
import ShelfPage from './ShelfPage'

const emma: Book = {
  id: 'emma',
  title: 'Emma',
  authors: ['Jane Austen'],
  categories: [],
  lending: 'lend',
  status: 'available',
  available: true,
  owner: { id: 'ada', name: 'Ada' },
  createdAt: '2026-11-01T10:00:00Z',
  updatedAt: '2026-11-01T10:00:00Z',
  version: 3,
}

const page = (items: unknown[]) => {
  const pagination = { page: 1, limit: 30, total: items.length, totalPages: 1 }
  return Response.json({ success: true, data: items, pagination })
}

function host(routes: Parameters<typeof fakeHost>[0] = {}) {
  return fakeHost({
    'GET /api/v1/books/mine': () => page([emma]),
    'GET /api/v1/books/imports': () => page([]),
    'GET /api/v1/books/imports/open': () => success({ failed: 0, noted: 0, reviews: [], imports: [] }),
    'GET /api/v1/borrows': () => page([]),
    'GET /api/v1/roles': () => success([]),
    ...routes,
  })
}

const said = () => unsaid.get().map(({ text }) => text)

async function open() {
  await renderPage(<ShelfPage />, { words: 'shelf' })
  return screen.findByRole('button', { name: 'To lend, change for Emma' })
}

// Menus and dialogs take their time in jsdom.
vi.setConfig({ testTimeout: 30_000 })
configure({ asyncUtilTimeout: 10_000 })

beforeEach(() => {
  session.start()
  session.signedIn(signedIn('token'))
  unsaid.set([])
})

describe('the lending mode', () => {
  it('is changed at once, under the version that was seen', async () => {
    let answer: ((response: Response) => void) | undefined
    const changed = { ...emma, lending: 'off', status: 'withdrawn', available: false, version: 4 }
    const { to } = host({
      'GET /api/v1/books/mine': () => page([answer ? changed : emma]),
      'PUT /api/v1/books/emma': () => new Promise((resolve) => (answer = resolve)),
    })
    await userEvent.click(await open())
    await userEvent.click(await screen.findByRole('menuitemradio', { name: 'Not to lend' }))
    await screen.findByRole('button', { name: 'Not to lend, change for Emma' })
    const [sent] = to('/api/v1/books/emma')
    expect([sent?.body, sent?.headers.get('if-match')]).toEqual([{ lending: 'off' }, '"3"'])
    answer?.(success(changed))
    await waitFor(() => expect(said()).toEqual(['“Emma” is no longer lent.']))
  })

  it('goes back when the host refuses, and says why', async () => {
    host({ 'PUT /api/v1/books/emma': () => refusal(412, 'VERSION_MISMATCH', [{ field: 'version', message: '4' }]) })
    await userEvent.click(await open())
    await userEvent.click(await screen.findByRole('menuitemradio', { name: 'To give away' }))
    await waitFor(() => expect(said()).toEqual([expect.stringContaining('changed this meanwhile')]))
    expect(screen.getByRole('button', { name: 'To lend, change for Emma' })).toBeTruthy()
  })
})

it('says why a book cannot be deleted and leads to its loan', async () => {
  const details = [
    { field: 'status', message: 'active' },
    { field: 'borrowId', message: 'loan-1' },
  ]
  host({ 'DELETE /api/v1/books/emma': () => refusal(409, 'BOOK_ON_LOAN', details) })
  await open()
  await userEvent.click(screen.getByRole('button', { name: 'More for Emma' }))
  await userEvent.click(await screen.findByRole('menuitem', { name: 'Delete' }))
  await userEvent.click(await screen.findByRole('button', { name: 'Delete it' }))
  await screen.findByText(/It can be deleted once it is back/)
  expect(screen.getByRole('button', { name: 'See the loan' })).toBeTruthy()
  expect(said()).toEqual([])
})
