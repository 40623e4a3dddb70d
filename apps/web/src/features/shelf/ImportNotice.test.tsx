import { configure, screen } from '@testing-library/react'
import { beforeEach, expect, it, vi } from 'vitest'
import { session } from '@/api/session'
import { fakeHost, signedIn } from '@/test/host'
import { renderPage } from '@/test/render'
import { ImportNotice } from './ImportNotice'
import type { ImportSummary } from './queries'

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
  createdAt: '2026-11-01T10:00:00Z',
  ...more,
})

async function open(imports: unknown[]) {
  fakeHost({
    'GET /api/v1/books/imports': () =>
      Response.json({
        success: true,
        data: imports,
        pagination: { page: 1, limit: 100, total: imports.length, totalPages: 1 },
      }),
  })
  await renderPage(<ImportNotice />, { words: 'shelf' })
}

const links = () => screen.getAllByRole('link').map((link) => [link.textContent, link.getAttribute('href')])

it('counts the rows to repair of all imports, and leads to each of them', async () => {
  await open([summary('new', {}), summary('b', { failed: 2 }), summary('c', {}), summary('a', { failed: 3 })])
  await screen.findByText('5 rows of 2 imports need repair.')
  expect(links()).toEqual([
    [expect.stringContaining('Repair 2 rows from Nov 1, 2026'), '/shelf/import/b'],
    [expect.stringContaining('Repair 3 rows from Nov 1, 2026'), '/shelf/import/a'],
  ])
})

it('leads straight to the only import with rows to repair, however old it is', async () => {
  await open([...Array.from({ length: 30 }, (_, nth) => summary(`n${nth}`, {})), summary('old', { failed: 1 })])
  await screen.findByText('1 row of an import needs repair.')
  expect(links()).toEqual([['Repair', '/shelf/import/old']])
})

it('says that one runs, and what of earlier ones is left', async () => {
  await open([summary('now', { status: 'running', imported: 4 }), summary('old', { failed: 1 })])
  await screen.findByText('Your books are being imported: 4 of 10.')
  expect(links()).toEqual([
    ['Watch', '/shelf/import/now'],
    ['Repair', '/shelf/import/old'],
  ])
})
