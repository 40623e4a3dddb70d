import { configure, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { Route, Routes } from 'react-router'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { session } from '@/api/session'
import { fakeHost, refusal, signedIn, success } from '@/test/host'
import { renderPage } from '@/test/render'
import { unsaid } from '@/ui/toast'
import ImportPage from './ImportPage'
import type { Import } from './imports'

vi.setConfig({ testTimeout: 30_000 })
configure({ asyncUtilTimeout: 10_000 })

beforeEach(() => {
  session.start()
  session.signedIn(signedIn('token'))
  unsaid.set([])
})

const done: Import = {
  id: 'i1',
  status: 'completed',
  format: 'goodreads',
  encoding: 'utf-8',
  total: 312,
  imported: 280,
  duplicates: 2,
  skipped: 30,
  failed: 0,
  repaired: 0,
  superseded: 0,
  noted: 0,
  createdAt: '2026-11-01T10:00:00Z',
  errors: [],
  notes: [],
  leftOut: [],
  leftOutCounts: [],
  ignoredColumns: [],
  fileKept: false,
}

const column = (index: number, name: string, field: 'title' | 'authors' | 'shelf' | null) => ({
  index,
  name,
  field,
  samples: [],
})

const waiting: Import = {
  ...done,
  status: 'review',
  imported: 0,
  duplicates: 0,
  skipped: 0,
  review: {
    columns: [column(0, 'Title', 'title'), column(1, 'Author', 'authors'), column(2, 'Exclusive Shelf', 'shelf')],
    shelves: [
      { name: 'read', count: 287, owned: true },
      { name: 'to-read', count: 25, owned: false },
    ],
    rows: [['Emma', 'Jane Austen', 'read']],
  },
}

async function open(data: Import | Response, routes: Parameters<typeof fakeHost>[0] = {}) {
  const host = fakeHost({
    'GET /api/v1/books/imports/i1': () => (data instanceof Response ? data : success(data)),
    'GET /api/v1/books/imports': () =>
      Response.json({ success: true, data: [], pagination: { page: 1, limit: 100, total: 0, totalPages: 1 } }),
    'GET /api/v1/books/imports/open': () => success({ failed: 0, noted: 0, reviews: [], imports: [] }),
    ...routes,
  })
  const page = (
    <Routes>
      <Route path="/shelf/import/:id" element={<ImportPage />} />
      <Route path="/shelf/import" element={<p>the list of imports</p>} />
    </Routes>
  )
  return { ...host, ...(await renderPage(page, { words: 'shelf', at: '/shelf/import/i1' })) }
}

describe('a file that was read', () => {
  it('comes to the shelf with the books that are owned', async () => {
    const running = { ...done, status: 'completed' as const }
    const { to } = await open(waiting, { 'POST /api/v1/books/imports/i1/start': () => success(running, 202) })
    await screen.findByRole('heading', { name: 'Read as: An export from Goodreads' })
    screen.getByText('UTF-8 · 312 rows')
    screen.getByText('287 books will be put on your shelf.')
    await userEvent.click(screen.getByRole('checkbox', { name: 'to-read 25 rows' }))
    await userEvent.click(screen.getByRole('checkbox', { name: 'read 287 rows' }))
    screen.getByText('25 books will be put on your shelf.')
    screen.getByText('287 rows stay out.')
    await userEvent.click(screen.getByRole('button', { name: 'Put them on my shelf' }))
    await waitFor(() =>
      expect(to('/api/v1/books/imports/i1/start').map(({ body }) => body)).toEqual([{ shelves: ['to-read'] }]),
    )
  })

  it('shows the columns of a table at once, and is not sent before titles and authors are known', async () => {
    const columns = [column(0, 'was', 'title'), column(1, 'wer', null)]
    const review = { ...waiting.review!, columns, shelves: [] }
    const { to } = await open(
      { ...waiting, format: 'table', review },
      { 'POST /api/v1/books/imports/i1/start': () => success(done, 202) },
    )
    const start = await screen.findByRole('button', { name: 'Put them on my shelf' })
    await userEvent.click(start)
    const alert = await screen.findByRole('alert')
    expect(alert.textContent).toBe('Say which column holds the authors.')
    expect(document.activeElement).toBe(alert)
    await userEvent.selectOptions(screen.getByRole('combobox', { name: 'Column wer' }), 'authors')
    expect(screen.queryByRole('alert')).toBeNull()
    await userEvent.click(start)
    await waitFor(() =>
      expect(to('/api/v1/books/imports/i1/start').map(({ body }) => body)).toEqual([
        { columns: [{ index: 1, field: 'authors' }] },
      ]),
    )
  })

  it('asks anew which shelves are owned when another column tells them', async () => {
    const columns = [...waiting.review!.columns, column(3, 'Room', null as 'shelf' | null)]
    const { to } = await open(
      { ...waiting, format: 'table', review: { ...waiting.review!, columns } },
      {
        'GET /api/v1/books/imports/i1/shelves': () =>
          success({
            shelves: [
              { name: 'Hall', count: 300, owned: true },
              { name: 'wish list', count: 12, owned: false },
            ],
          }),
        'POST /api/v1/books/imports/i1/start': () => success(done, 202),
      },
    )
    await userEvent.selectOptions(await screen.findByRole('combobox', { name: 'Column Room' }), 'shelf')
    await screen.findByText('300 books will be put on your shelf.')
    expect(screen.queryByRole('checkbox', { name: 'to-read 25 rows' })).toBeNull()
    expect(to('/api/v1/books/imports/i1/shelves').map(({ search }) => search)).toEqual(['?shelf=3'])
    await userEvent.click(screen.getByRole('checkbox', { name: 'wish list 12 rows' }))
    screen.getByText('312 books will be put on your shelf.')
    await userEvent.click(screen.getByRole('button', { name: 'Put them on my shelf' }))
    await waitFor(() =>
      expect(to('/api/v1/books/imports/i1/start').map(({ body }) => body)).toEqual([
        {
          columns: [
            { index: 2, field: null },
            { index: 3, field: 'shelf' },
          ],
          shelves: ['Hall', 'wish list'],
        },
      ]),
    )
  })

  it('is forgotten when it is cancelled', async () => {
    await open(waiting, { 'DELETE /api/v1/books/imports/i1': () => new Response(null, { status: 204 }) })
    await userEvent.click(await screen.findByRole('button', { name: 'Cancel the import' }))
    await screen.findByText('the list of imports')
  })
})

describe('the report', () => {
  const leftOut = (row: number, reason: 'not_owned' | 'already_on_shelf') => ({
    row,
    reason,
    title: `Volume ${row}`,
    authors: ['Ann Author'],
    bookId: reason === 'already_on_shelf' ? 'emma' : null,
    copies: 1,
  })

  it('adds a row that was left out, once, and leads on to the next', async () => {
    const data = {
      ...done,
      leftOut: [leftOut(2, 'not_owned'), leftOut(5, 'not_owned'), leftOut(9, 'already_on_shelf')],
      leftOutCounts: [
        { reason: 'already_on_shelf' as const, count: 2 },
        { reason: 'not_owned' as const, count: 30 },
      ],
    }
    const { to } = await open(data, { 'POST /api/v1/books/imports/i1/rows/2/add': () => success({ bookId: 'new' }) })
    const same = await screen.findByRole('link', { name: 'The same book as “Volume 9” in row 9' })
    expect(same.getAttribute('href')).toBe('/books/emma')
    screen.getByText('28 more rows are not listed.')
    await userEvent.click(screen.getByRole('button', { name: 'Add it all the same: “Volume 2”, row 2' }))
    await waitFor(() => expect(unsaid.get().map(({ text }) => text)).toEqual(['“Volume 2” is on your shelf.']))
    expect(to('/api/v1/books/imports/i1/rows/2/add')).toHaveLength(1)
  })

  it('names what was not taken of a book, and leads to the book to complete it', async () => {
    const values = { title: 'Emma', authors: ['Jane Austen'], isbn: '9780141439580' }
    const notes = [{ row: 7, field: 'isbn', message: 'has a wrong check digit', bookId: 'emma', values }]
    await open({ ...done, noted: 1, notes })
    await screen.findByRole('heading', { name: '1 book came in without all that its row said' })
    const row = screen.getByText('9780141439580').closest('li')!
    within(row).getByText('One digit is wrong: please compare it once more.')
    expect(screen.getByRole('link', { name: 'Complete it: “Emma”' }).getAttribute('href')).toBe(
      '/books/emma/edit?import=i1&row=7',
    )
  })

  it('hands the file back where it is kept', async () => {
    const names: string[] = []
    URL.createObjectURL = () => 'blob:file'
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
      names.push(this.download)
    })
    await open(
      { ...done, fileKept: true },
      { 'GET /api/v1/books/imports/i1/file': () => new Response('title,authors') },
    )
    await userEvent.click(await screen.findByRole('button', { name: 'Get the file as you sent it' }))
    await waitFor(() => expect(names).toEqual(['import.csv']))
  })

  it('names the columns that were not used', async () => {
    await open({ ...done, ignoredColumns: [{ name: 'My Rating', filled: 300 }] })
    await screen.findByRole('heading', { name: 'Columns that were not used' })
    screen.getByText('My Rating')
    screen.getByText('300 rows')
  })
})

it('says so when there is no such import', async () => {
  await open(refusal(404, 'IMPORT_NOT_FOUND'))
  await screen.findByRole('heading', { name: 'There is no such import' })
})
