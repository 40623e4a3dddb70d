import { screen } from '@testing-library/react'
import { afterEach, expect, it, vi } from 'vitest'
import { session } from '@/api/session'
import { renderPage } from '@/test/render'
import FilterPanel from './FilterPanel'

afterEach(() => vi.unstubAllGlobals())

it('counts what is left by the search and the other filters', async () => {
  session.start()
  const asked: string[] = []
  vi.stubGlobal('fetch', async (request: Request) => {
    asked.push(new URL(request.url).search)
    const categories = [{ name: 'Fantasy', count: 3 }]
    return Response.json({ success: true, data: { categories, languages: [{ code: 'en', count: 2 }] } })
  })
  await renderPage(<FilterPanel filters={{ q: 'tolkien', category: 'Fantasy', available: true, sort: 'title' }} />)
  expect(await screen.findByRole('link', { name: /Fantasy.*3/ })).toBeTruthy()
  expect(asked).toEqual(['?q=tolkien&category=Fantasy&available=true'])
})
