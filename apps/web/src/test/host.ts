import { vi } from 'vitest'

type Answer = Response | Promise<Response> | Error

export interface Sent {
  method: string
  path: string
  search: string
  headers: Headers
  body: unknown
}

/** Stands in for the host at the only boundary that tests fake: `fetch`. Requests without an answer fail the test. */
export function fakeHost(routes: Record<string, (request: Sent) => Answer>) {
  const sent: Sent[] = []
  vi.stubGlobal('fetch', async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = input instanceof Request ? input : new Request(new URL(String(input), location.origin), init)
    const { pathname, search } = new URL(request.url)
    const text = await request.text()
    const entry = {
      method: request.method,
      path: pathname,
      search,
      headers: request.headers,
      body: text ? (JSON.parse(text) as unknown) : undefined,
    }
    sent.push(entry)
    const route = routes[`${request.method} ${pathname}`]
    if (!route) throw new Error(`the host was asked for ${request.method} ${pathname}`)
    const answer = await route(entry)
    if (answer instanceof Error) throw answer
    return answer
  })
  return { sent, to: (path: string) => sent.filter((entry) => entry.path === path) }
}

export const success = (data: unknown, status = 200) => Response.json({ success: true, data }, { status })

export const refusal = (status: number, code: string, details: Array<{ field: string; message: string }> = []) =>
  Response.json(
    { success: false, error: { code, message: code.toLowerCase(), details }, statusCode: status, traceId: 'trace' },
    { status },
  )

/** As the host answers who asks too often. */
export function tooOften(seconds: number): Response {
  const response = refusal(429, 'RATE_LIMITED')
  response.headers.set('retry-after', String(seconds))
  return response
}

export const lineDown = () => new TypeError('Failed to fetch')

export function signedIn(accessToken: string, expiresIn = 900) {
  const user = { id: 'ada', email: 'ada@example.org', name: 'Ada', role: 'user', verified: true }
  return { user, accessToken, refreshToken: 'unused', expiresIn }
}
