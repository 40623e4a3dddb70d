import { beforeEach, describe, expect, it, vi } from 'vitest'
import { fakeHost, lineDown, refusal, signedIn, success } from '@/test/host'

const REFRESH = '/api/v1/auth/refresh-token'
const ME = '/api/v1/users/me'

/** A tab of its own: module state is what a tab keeps in memory. */
async function openTab() {
  vi.resetModules()
  const [{ session }, { api, ask }, problems] = await Promise.all([
    import('./session'),
    import('./client'),
    import('./problem'),
  ])
  session.start()
  return { session, me: () => ask(api.GET('/api/v1/users/me')), ...problems }
}

async function until(condition: () => boolean) {
  await vi.waitFor(() => {
    if (!condition()) throw new Error('not yet')
  })
}

/** Browsers give locks across tabs; here all tabs live in one place. */
function fakeLocks() {
  let last: Promise<unknown> = Promise.resolve()
  const request = (_name: string, work: () => Promise<unknown>) => {
    const mine = last.then(work)
    last = mine.catch(() => {})
    return mine
  }
  vi.stubGlobal('navigator', Object.assign(Object.create(navigator) as Navigator, { locks: { request } }))
}

beforeEach(() => {
  localStorage.setItem('folkshelf.session', '1')
})

describe('the session', () => {
  it('asks nothing for visitors who never logged in', async () => {
    localStorage.clear()
    const host = fakeHost({})
    const { session } = await openTab()
    expect(session.state()).toEqual({ status: 'visitor' })
    expect(host.sent).toEqual([])
  })

  it('is renewed once for many requests', async () => {
    const host = fakeHost({
      [`POST ${REFRESH}`]: () => success(signedIn('first')),
      [`GET ${ME}`]: () => success({ name: 'Ada' }),
    })
    const { me } = await openTab()
    await Promise.all([me(), me(), me()])
    expect(host.to(REFRESH)).toHaveLength(1)
    expect(host.to(ME).map(({ headers }) => headers.get('authorization'))).toEqual(Array(3).fill('Bearer first'))
  })

  it('renews a token that the host refuses, and sends each request again', async () => {
    let renewals = 0
    const host = fakeHost({
      [`POST ${REFRESH}`]: () => success(signedIn(`token ${++renewals}`)),
      [`GET ${ME}`]: ({ headers }) =>
        headers.get('authorization') === 'Bearer token 2' ? success({ name: 'Ada' }) : refusal(401, 'UNAUTHENTICATED'),
    })
    const { me } = await openTab()
    await expect(Promise.all([me(), me()])).resolves.toHaveLength(2)
    expect(host.to(REFRESH)).toHaveLength(2)
  })

  it('is never renewed by two tabs at once, and shared with the other', async () => {
    fakeLocks()
    let underWay = 0
    let most = 0
    const host = fakeHost({
      [`POST ${REFRESH}`]: async () => {
        most = Math.max(most, ++underWay)
        await new Promise((resolve) => setTimeout(resolve, 20))
        underWay--
        return success(signedIn('shared'))
      },
      [`GET ${ME}`]: () => success({ name: 'Ada' }),
    })
    const one = await openTab()
    const other = await openTab()
    await Promise.all([one.me(), other.me()])
    expect(most).toBe(1)
    expect(host.to(REFRESH)).toHaveLength(1)
    expect(other.session.state().status).toBe('member')
  })

  it('lets a request wait for its member to log in again, and sends it then', async () => {
    let alive = true
    fakeHost({
      [`POST ${REFRESH}`]: () => (alive ? success(signedIn('old')) : refusal(401, 'INVALID_REFRESH_TOKEN')),
      [`GET ${ME}`]: ({ headers }) =>
        headers.get('authorization') === 'Bearer new' ? success({ name: 'Ada' }) : refusal(401, 'UNAUTHENTICATED'),
    })
    const { session, me } = await openTab()
    await until(() => session.state().status === 'member')
    alive = false
    const answer = me()
    await until(() => session.state().status === 'expired')
    session.signedIn(signedIn('new'))
    await expect(answer).resolves.toEqual({ name: 'Ada' })
  })

  it('is asked for once more, not by every request, when it has ended', async () => {
    let alive = true
    let refusals = 0
    const host = fakeHost({
      [`POST ${REFRESH}`]: () => (alive ? success(signedIn('old')) : refusal(401, 'INVALID_REFRESH_TOKEN')),
      [`GET ${ME}`]: async ({ headers }) => {
        if (headers.get('authorization') === 'Bearer new') return success({ name: 'Ada' })
        // The second refusal comes when the renewal has failed already.
        await new Promise((resolve) => setTimeout(resolve, ++refusals * 30))
        return refusal(401, 'UNAUTHENTICATED')
      },
    })
    const { session, me } = await openTab()
    await until(() => session.state().status === 'member')
    alive = false
    const answers = Promise.all([me(), me()])
    await new Promise((resolve) => setTimeout(resolve, 150))
    session.signedIn(signedIn('new'))
    await expect(answers).resolves.toHaveLength(2)
    expect(host.to(REFRESH)).toHaveLength(2)
  })

  it('refuses what waited when its member gives up', async () => {
    let alive = true
    fakeHost({
      [`POST ${REFRESH}`]: () => (alive ? success(signedIn('old')) : refusal(401, 'INVALID_REFRESH_TOKEN')),
      [`GET ${ME}`]: () => refusal(401, 'UNAUTHENTICATED'),
    })
    const { session, me } = await openTab()
    await until(() => session.state().status === 'member')
    alive = false
    const answer = me()
    await until(() => session.state().status === 'expired')
    session.ended()
    await expect(answer).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(session.state()).toEqual({ status: 'visitor' })
  })

  it('ends in every tab when it is ended in one', async () => {
    fakeHost({ [`POST ${REFRESH}`]: () => success(signedIn('token')) })
    const one = await openTab()
    const other = await openTab()
    await until(() => one.session.state().status === 'member' && other.session.state().status === 'member')
    one.session.ended()
    await until(() => other.session.state().status === 'visitor')
    expect(localStorage.getItem('folkshelf.session')).toBeNull()
  })

  it('can be left though the host has ended it already', async () => {
    let alive = true
    fakeHost({
      [`POST ${REFRESH}`]: () => (alive ? success(signedIn('old')) : refusal(401, 'INVALID_REFRESH_TOKEN')),
      ['POST /api/v1/auth/logout']: () => refusal(401, 'UNAUTHENTICATED'),
    })
    const { session } = await openTab()
    await until(() => session.state().status === 'member')
    alive = false
    await session.logOut()
    expect(session.state()).toEqual({ status: 'visitor' })
  })

  it('goes on when logging out did not reach the host', async () => {
    fakeHost({ [`POST ${REFRESH}`]: () => success(signedIn('token')), ['POST /api/v1/auth/logout']: lineDown })
    const { session, NetworkProblem } = await openTab()
    await until(() => session.state().status === 'member')
    await expect(session.logOut()).rejects.toBeInstanceOf(NetworkProblem)
    expect(session.state().status).toBe('member')
  })

  it('is not given up because the line is down', async () => {
    let down = true
    fakeHost({ [`POST ${REFRESH}`]: () => (down ? lineDown() : success(signedIn('token'))) })
    const { session, me, NetworkProblem } = await openTab()
    await expect(me()).rejects.toBeInstanceOf(NetworkProblem)
    expect(session.state().status).toBe('unknown')
    down = false
    await vi.waitFor(() => expect(session.state().status).toBe('member'), { timeout: 3000 })
  })

  describe.each([
    ['the line is down', () => lineDown()],
    ['the host is away', () => new Response('<h1>Bad gateway</h1>', { status: 502 })],
    ['the host has a fault', () => refusal(500, 'INTERNAL')],
    ['the host has had enough for now', () => refusal(429, 'RATE_LIMITED')],
    ['somebody else answers', () => new Response('<h1>Welcome to our hotel</h1>')],
  ])('when %s', (_, noRenewal) => {
    it('is kept, and found once there is an answer', async () => {
      let away = true
      fakeHost({ [`POST ${REFRESH}`]: () => (away ? noRenewal() : success(signedIn('token'))) })
      const { session, me } = await openTab()
      await expect(me()).rejects.toBeInstanceOf(Error)
      expect(session.state().status).toBe('unknown')
      expect(localStorage.getItem('folkshelf.session')).toBe('1')
      away = false
      await vi.waitFor(() => expect(session.state().status).toBe('member'), { timeout: 3000 })
    })

    it('is kept while its member is at work, and renewed later by itself', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
      try {
        let away = false
        const host = fakeHost({
          [`POST ${REFRESH}`]: () => (away ? noRenewal() : success(signedIn(`token ${host.sent.length}`))),
        })
        const { session } = await openTab()
        await vi.waitFor(() => expect(session.state().status).toBe('member'))
        away = true
        await vi.advanceTimersByTimeAsync(15 * 60_000)
        expect(session.state().status).toBe('member')
        const asked = host.to(REFRESH).length
        expect(asked).toBeGreaterThan(2)
        away = false
        await vi.advanceTimersByTimeAsync(40_000)
        expect(session.state().status).toBe('member')
        await expect(session.token()).resolves.toMatch(/^token /)
        expect(host.to(REFRESH)).toHaveLength(asked + 1)
      } finally {
        vi.useRealTimers()
      }
    })
  })

  it('is not given up because the host falls silent', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    try {
      let silent = true
      vi.stubGlobal('fetch', (_: unknown, { signal }: RequestInit = {}) =>
        silent
          ? new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('given up'))))
          : Promise.resolve(success(signedIn('token'))),
      )
      const { session } = await openTab()
      await vi.advanceTimersByTimeAsync(19_000)
      expect(session.state().status).toBe('unknown')
      silent = false
      await vi.advanceTimersByTimeAsync(5000)
      expect(session.state().status).toBe('member')
    } finally {
      vi.useRealTimers()
    }
  })
})
