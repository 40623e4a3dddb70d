import { readFileSync } from 'node:fs'
import { QueryClient } from '@tanstack/react-query'
import { expect, it, vi } from 'vitest'
import { session } from '@/api/session'
import { fetchFirstBooks } from './queries'

/** What is preloaded at another address than it is asked for would come twice. */
it('asks for the list that is preloaded before the app is there', async () => {
  const preloaded = /list\.href = '(.+)'/.exec(readFileSync('public/theme.js', 'utf8'))?.[1]
  const asked: string[] = []
  vi.stubGlobal('fetch', async (request: Request) => {
    asked.push(request.url.replace(location.origin, ''))
    return Response.json({ success: true, data: [], pagination: { page: 1, limit: 24, total: 0, totalPages: 0 } })
  })
  session.start()
  await fetchFirstBooks(new QueryClient(), { pathname: '/', search: '' } as Location)
  expect(asked).toEqual([preloaded])
})
