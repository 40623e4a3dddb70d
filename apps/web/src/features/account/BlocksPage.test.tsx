import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keys } from '@/api/keys'
import { session } from '@/api/session'
import { fakeHost, refusal, signedIn, success } from '@/test/host'
import { renderPage } from '@/test/render'
import Toaster from '@/ui/Toaster'
import BlocksPage from './BlocksPage'

const BLOCKS = '/api/v1/profile/blocks'

const block = (id: string, name: string) => ({ user: { id, name }, blockedAt: '2026-11-21T12:00:00Z' })
const page = (items: object[], number = 1, totalPages = 1) =>
  Response.json({
    success: true,
    data: items,
    pagination: { page: number, totalPages, total: items.length, limit: 100 },
  })

beforeEach(() => {
  session.start()
  session.signedIn(signedIn('token'))
})
afterEach(() => session.ended())

const shown = () =>
  renderPage(
    <>
      <BlocksPage />
      <Toaster />
    </>,
    { words: ['account', 'people'] },
  )

describe('the page of blocked members', () => {
  it('says what blocking does to a member who has blocked nobody', async () => {
    fakeHost({ [`GET ${BLOCKS}`]: () => page([]), 'GET /api/v1/roles': () => success([]) })
    await shown()
    await screen.findByRole('heading', { name: 'You have blocked nobody' })
    expect(screen.getByText(/Loans that are under way go on/)).toBeTruthy()
  })

  it('unblocks at once, fetches books anew, and takes it back', async () => {
    let blocked = [block('olga', 'Olga'), block('finn', 'Finn')]
    const host = fakeHost({
      'GET /api/v1/roles': () => success([]),
      [`GET ${BLOCKS}`]: () => page(blocked),
      [`DELETE ${BLOCKS}/finn`]: () => {
        blocked = blocked.filter(({ user }) => user.id !== 'finn')
        return new Response(null, { status: 204 })
      },
      [`POST ${BLOCKS}`]: () => {
        blocked = [block('finn', 'Finn'), ...blocked]
        return success(blocked[0], 201)
      },
    })
    const { queries } = await shown()
    queries.setQueryData(keys.books.lists, 'what was shown before')
    await userEvent.click(await screen.findByRole('button', { name: 'Unblock Finn' }))
    await waitFor(() => expect(screen.queryByRole('link', { name: 'Finn' })).toBeNull())
    expect(screen.getByRole('link', { name: 'Olga' })).toBeTruthy()
    await waitFor(() => expect(queries.getQueryState(keys.books.lists)?.isInvalidated).toBe(true))
    await userEvent.click((await screen.findAllByRole('button', { name: 'Block again' }))[0]!)
    await screen.findByRole('link', { name: 'Finn' })
    expect(host.sent.find(({ method }) => method === 'POST')?.body).toEqual({ userId: 'finn' })
  })

  it('shows a member again who could not be unblocked', async () => {
    fakeHost({
      'GET /api/v1/roles': () => success([]),
      [`GET ${BLOCKS}`]: () => page([block('finn', 'Finn')]),
      [`DELETE ${BLOCKS}/finn`]: () => refusal(500, 'INTERNAL'),
    })
    await shown()
    await userEvent.click(await screen.findByRole('button', { name: 'Unblock Finn' }))
    await waitFor(() => expect(screen.getAllByText(/Something went wrong/)).not.toEqual([]))
    expect(within(screen.getByRole('list')).getByRole('link', { name: 'Finn' })).toBeTruthy()
  })
})
