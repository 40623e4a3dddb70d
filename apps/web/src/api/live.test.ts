import { QueryClient } from '@tanstack/react-query'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fakeHost, lineDown, refusal, signedIn, success } from '@/test/host'

const STREAM = '/api/v1/notifications/stream'

const notification = (id: string, data: object = {}) => ({
  id,
  type: 'borrow.approved',
  title: '',
  body: '',
  read: false,
  data,
  createdAt: '2026-11-21T12:00:00Z',
})

const frame = (position: number, id: string) =>
  `id: 748-${position}\nevent: notification\ndata: ${JSON.stringify(notification(id))}\n\n`

/** A line that stays open until `cut`; what is written may be torn anywhere. */
function openLine() {
  let controller: ReadableStreamDefaultController<Uint8Array>
  const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) })
  return {
    response: new Response(body, { headers: { 'content-type': 'text/event-stream' } }),
    write: (text: string) => controller.enqueue(new TextEncoder().encode(text)),
    end: () => controller.close(),
    cut: () => controller.error(new TypeError('network error')),
  }
}

vi.mock(import('./problem'), async (original) => ({ ...(await original()), retryDelay: () => 1 }))

let stop: AbortController

async function follow() {
  vi.resetModules()
  const [{ session }, live, { liveState }, { demandedPosition }] = await Promise.all([
    import('./session'),
    import('./live'),
    import('./live-state'),
    import('./position'),
  ])
  session.start()
  session.signedIn(signedIn('token'))
  const heard: string[] = []
  const onGap = vi.fn()
  live.followNotifications({ onNotification: ({ id }) => heard.push(id), onGap }, stop.signal)
  return { liveState, heard, onGap, demandedPosition }
}

beforeEach(() => {
  stop = new AbortController()
})

afterEach(() => stop.abort())

describe('the live line', () => {
  it('hears each notification, however the frames are torn', async () => {
    const line = openLine()
    fakeHost({ [`GET ${STREAM}`]: () => line.response })
    const { heard, demandedPosition } = await follow()
    const text = `retry: 2000\nid: 748-6\n\n${frame(7, 'one')}: still here\n\n${frame(8, 'two')}`
    for (const part of [text.slice(0, 30), text.slice(30, 95), text.slice(95)]) line.write(part)
    await vi.waitFor(() => expect(heard).toEqual(['one', 'two']))
    expect(demandedPosition()).toBe('748-8')
  })

  it('resumes where it was cut', async () => {
    const lines = [openLine(), openLine()]
    let next = 0
    const host = fakeHost({ [`GET ${STREAM}`]: () => lines[next++]?.response ?? lineDown() })
    const { heard, liveState } = await follow()
    lines[0]?.write(frame(7, 'one'))
    await vi.waitFor(() => expect(heard).toEqual(['one']))
    expect(liveState.get()).toBe('connected')
    lines[0]?.cut()
    await vi.waitFor(() => expect(host.to(STREAM)).toHaveLength(2))
    expect(host.to(STREAM).map(({ headers }) => headers.get('last-event-id'))).toEqual([null, '748-7'])
    lines[1]?.write(frame(9, 'two'))
    await vi.waitFor(() => expect(heard).toEqual(['one', 'two']))
  })

  it('says that anything may have happened when it has nothing to resume from', async () => {
    const lines = [openLine(), openLine()]
    let next = 0
    fakeHost({ [`GET ${STREAM}`]: () => lines[next++]?.response ?? lineDown() })
    const { onGap, liveState } = await follow()
    await vi.waitFor(() => expect(liveState.get()).toBe('connected'))
    expect(onGap).not.toHaveBeenCalled()
    lines[0]?.cut()
    await vi.waitFor(() => expect(onGap).toHaveBeenCalledOnce())
  })

  it('shows when it is away, and tries until it is back', async () => {
    const line = openLine()
    let attempts = 0
    fakeHost({ [`GET ${STREAM}`]: () => (++attempts < 4 ? lineDown() : line.response) })
    const { liveState } = await follow()
    const states: string[] = []
    liveState.subscribe(() => states.push(liveState.get()))
    await vi.waitFor(() => expect(liveState.get()).toBe('connected'))
    expect(states).toContain('offline')
  })

  it('asks every minute while the host has no room for its line', async () => {
    const full = refusal(503, 'UNAVAILABLE')
    full.headers.set('retry-after', '30')
    fakeHost({ [`GET ${STREAM}`]: () => full })
    const { liveState } = await follow()
    await vi.waitFor(() => expect(liveState.get()).toBe('polling'))
  })

  it('renews the session when the token is refused', async () => {
    const line = openLine()
    fakeHost({
      'POST /api/v1/auth/refresh-token': () => success(signedIn('renewed')),
      [`GET ${STREAM}`]: ({ headers }) =>
        headers.get('authorization') === 'Bearer renewed' ? line.response : refusal(401, 'UNAUTHENTICATED'),
    })
    const { liveState } = await follow()
    await vi.waitFor(() => expect(liveState.get()).toBe('connected'))
  })
})

describe('a window whose place a newer one has', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  afterEach(() => void vi.useRealTimers())

  async function replaced({ ending = 'end' as 'end' | 'cut', later = [openLine().response] } = {}) {
    const line = openLine()
    const answers = [line.response, ...later]
    const host = fakeHost({
      [`GET ${STREAM}`]: () => answers.shift() ?? lineDown(),
      'POST /api/v1/auth/refresh-token': () => success(signedIn('renewed')),
    })
    const followed = await follow()
    await vi.waitFor(() => expect(followed.liveState.get()).toBe('connected'))
    line.write('retry: 60000\nevent: replaced\ndata: {}\n\n')
    // Else the stream drops what was written before the error.
    await vi.advanceTimersByTimeAsync(1)
    line[ending]()
    await vi.waitFor(() => expect(followed.liveState.get()).toBe('polling'))
    return { ...followed, host }
  }

  it.each(['end', 'cut'] as const)(
    'asks every minute and does not push the other out (the line: %s)',
    async (ending) => {
      const { host, onGap } = await replaced({ ending })
      await vi.advanceTimersByTimeAsync(300_000)
      expect(onGap).toHaveBeenCalledTimes(5)
      expect(host.to(STREAM)).toHaveLength(1)
    },
  )

  it.each([
    ['its tab is shown', () => document.dispatchEvent(new Event('visibilitychange'))],
    ['it has the focus, having been visible all the time', () => window.dispatchEvent(new Event('focus'))],
  ])('comes back at once when %s', async (_, look) => {
    const { host, onGap, liveState } = await replaced()
    look()
    await vi.advanceTimersByTimeAsync(1000)
    expect(onGap).toHaveBeenCalled()
    expect(host.to(STREAM)).toHaveLength(2)
    expect(liveState.get()).toBe('connected')
  })

  it('comes back though its token is refused at first', async () => {
    const { host, liveState } = await replaced({ later: [refusal(401, 'UNAUTHENTICATED'), openLine().response] })
    window.dispatchEvent(new Event('focus'))
    await vi.advanceTimersByTimeAsync(2000)
    const tokens = host.to(STREAM).map(({ headers }) => headers.get('authorization'))
    expect(tokens).toEqual(['Bearer token', 'Bearer token', 'Bearer renewed'])
    expect(liveState.get()).toBe('connected')
  })

  it('tries for its place after ten minutes in which nobody looks', async () => {
    const { host, liveState } = await replaced()
    await vi.advanceTimersByTimeAsync(590_000)
    expect(host.to(STREAM)).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(15_000)
    expect(host.to(STREAM)).toHaveLength(2)
    expect(liveState.get()).toBe('connected')
  })
})

it('a notification makes stale what it tells of, and nothing else', async () => {
  const { refreshAfter } = await import('./live')
  const { keys } = await import('./keys')
  const queries = new QueryClient()
  const stale = () =>
    [keys.notifications.unread, keys.borrows.one('b'), keys.books.one('k'), keys.roles].filter(
      (key) => queries.getQueryState(key)?.isInvalidated,
    )
  const seed = () => {
    for (const key of [keys.notifications.unread, keys.borrows.one('b'), keys.books.one('k'), keys.roles])
      queries.setQueryData(key, 'known')
  }
  seed()
  refreshAfter(queries, notification('n'))
  expect(stale()).toEqual([keys.notifications.unread])
  seed()
  refreshAfter(queries, notification('n', { borrowId: 'b', bookId: 'k' }))
  expect(stale()).toEqual([keys.notifications.unread, keys.borrows.one('b'), keys.books.one('k')])
})
