import { configure, screen } from '@testing-library/react'
import { beforeEach, expect, it, vi } from 'vitest'
import { session } from '@/api/session'
import { fakeHost, signedIn, success } from '@/test/host'
import { renderPage } from '@/test/render'
import { ImportNotice } from './ImportNotice'
import type { ImportSummary, OpenRows } from './imports'

vi.setConfig({ testTimeout: 30_000 })
configure({ asyncUtilTimeout: 10_000 })

beforeEach(() => {
  session.start()
  session.signedIn(signedIn('token'))
})

const summary = (id: string, more: Partial<ImportSummary>) => ({
  id,
  status: 'completed',
  total: 10,
  imported: 10,
  duplicates: 0,
  failed: 0,
  repaired: 0,
  skipped: 0,
  superseded: 0,
  noted: 0,
  createdAt: '2026-11-01T10:00:00Z',
  ...more,
})

async function open(imports: unknown[], open: Partial<OpenRows>) {
  fakeHost({
    'GET /api/v1/books/imports': () =>
      Response.json({
        success: true,
        data: imports,
        pagination: { page: 1, limit: 100, total: imports.length, totalPages: 1 },
      }),
    'GET /api/v1/books/imports/open': () => success({ failed: 0, noted: 0, reviews: [], imports: [], ...open }),
  })
  await renderPage(<ImportNotice />, { words: 'shelf' })
}

const links = () => screen.getAllByRole('link').map((link) => [link.textContent, link.getAttribute('href')])

it('counts the rows to repair of all imports, and leads to each of them', async () => {
  await open([summary('new', {}), summary('b', { failed: 2 }), summary('c', {})], {
    failed: 5,
    noted: 1,
    imports: ['b', 'a'],
  })
  await screen.findByText('5 rows need repair.')
  await screen.findByText('1 book came in without all that its row said.')
  expect(links()).toEqual([
    [expect.stringContaining('Import of Nov 1, 2026'), '/shelf/import/b'],
    ['An older import', '/shelf/import/a'],
  ])
})

it('tells imports of the same minute apart by what they were read as', async () => {
  await open([summary('a', { failed: 1, format: 'storygraph' }), summary('b', { noted: 1, format: 'table' })], {
    failed: 1,
    noted: 1,
    imports: ['a', 'b'],
  })
  await screen.findByText('1 row needs repair.')
  expect(links()).toEqual([
    [expect.stringMatching(/^Import of Nov 1, 2026.* An export from StoryGraph$/), '/shelf/import/a'],
    [expect.stringMatching(/^Import of Nov 1, 2026.* A table of your own$/), '/shelf/import/b'],
  ])
})

it('leads straight to the only import with rows to repair, however old it is', async () => {
  await open([summary('new', {})], { failed: 1, imports: ['old'] })
  await screen.findByText('1 row needs repair.')
  expect(links()).toEqual([['Have a look', '/shelf/import/old']])
})

it('says that one runs and one waits, and what of earlier ones is left', async () => {
  await open([summary('now', { status: 'running', imported: 4 })], { failed: 1, imports: ['old'], reviews: ['new'] })
  await screen.findByText('Your books are being imported: 4 of 10.')
  await screen.findByText('A file waits for you to say which books are yours.')
  expect(links()).toEqual([
    ['Watch', '/shelf/import/now'],
    ['Continue', '/shelf/import/new'],
    ['Have a look', '/shelf/import/old'],
  ])
})

it('tells what an import has left behind as soon as it is over', async () => {
  const asked = { imports: 0, open: 0 }
  fakeHost({
    'GET /api/v1/books/imports': () => {
      const imports = [summary('new', asked.imports++ > 0 ? { failed: 2 } : { status: 'running' })]
      return Response.json({
        success: true,
        data: imports,
        pagination: { page: 1, limit: 100, total: 1, totalPages: 1 },
      })
    },
    'GET /api/v1/books/imports/open': () => {
      const failed = asked.open++ > 0 ? 2 : 0
      return success({ failed, noted: 0, reviews: [], imports: failed ? ['new'] : [] })
    },
  })
  await renderPage(<ImportNotice />, { words: 'shelf' })
  await screen.findByText(/^Your books are being imported/)
  await screen.findByText('2 rows need repair.')
})
