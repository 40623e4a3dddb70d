import { beforeEach, describe, expect, it, vi } from 'vitest'
import { fakeHost, refusal, signedIn, success } from '@/test/host'

const READ = '/api/v1/notifications/unread-count'

/** A tab of its own: module state is what a tab keeps in memory. */
async function openTab() {
  vi.resetModules()
  const [{ session }, { api }, { upload }, { demandPosition }] = await Promise.all([
    import('./session'),
    import('./client'),
    import('./upload'),
    import('./position'),
  ])
  session.start()
  session.signedIn(signedIn('token'))
  return {
    session,
    upload,
    demandPosition,
    write: () => api.POST('/api/v1/notifications/read-all'),
    read: () => api.GET('/api/v1/notifications/unread-count'),
  }
}

function at(position: string | undefined, response: Response): Response {
  if (position) response.headers.set('x-folkshelf-position', position)
  return response
}

/** Answers one command after the other with these. */
function hostThatAnswers(...commands: Response[]) {
  const host = fakeHost({
    'POST /api/v1/notifications/read-all': () => commands.shift() ?? success({ count: 0 }),
    [`GET ${READ}`]: () => success({ count: 0 }),
  })
  return { ...host, demanded: () => host.to(READ).map(({ headers }) => headers.get('x-folkshelf-min-position')) }
}

const written = (position: string) => at(position, success({ count: 1 }))

beforeEach(() => localStorage.clear())

describe('a read', () => {
  it('demands the position of the command before it', async () => {
    const host = hostThatAnswers(written('748-12'))
    const { read, write } = await openTab()
    await read()
    await write()
    await read()
    expect(host.demanded()).toEqual([null, '748-12'])
  })

  it('demands the position of a command that was refused and told something all the same', async () => {
    const host = hostThatAnswers(at('748-12', refusal(409, 'BORROW_CHANGED')))
    const { read, write } = await openTab()
    await write()
    await read()
    expect(host.demanded()).toEqual(['748-12'])
  })

  it('demands the furthest position, by number and not by letter', async () => {
    const host = hostThatAnswers(written('748-9'), written('748-12'), written('97-30'), written('1000-1'))
    const { read, write } = await openTab()
    for (let command = 0; command < 4; command += 1) {
      await write()
      await read()
    }
    expect(host.demanded()).toEqual(['748-9', '748-12', '748-12', '1000-1'])
  })

  it('demands the furthest position of each log, where contexts have databases of their own', async () => {
    const host = hostThatAnswers(
      written('books:748-9'),
      written('borrowing:7-2'),
      written('books:97-30'),
      written('borrowing:8-1'),
    )
    const { read, write, demandPosition } = await openTab()
    for (let command = 0; command < 4; command += 1) await write()
    demandPosition('notifications:3-3')
    await read()
    expect(host.demanded()).toEqual(['books:748-9,borrowing:8-1,notifications:3-3'])
  })

  it('demands an own write that came after the last live notification, and the other way round', async () => {
    const host = hostThatAnswers(written('748-12'))
    const { read, write, demandPosition } = await openTab()
    demandPosition('748-11')
    await write()
    demandPosition('748-10')
    await read()
    demandPosition('748-13')
    await read()
    expect(host.demanded()).toEqual(['748-12', '748-13'])
  })

  it('demands what another tab wrote, and what was written before a reload', async () => {
    const host = hostThatAnswers(written('748-12'))
    const one = await openTab()
    const other = await openTab()
    await one.write()
    await other.read()
    const reloaded = await openTab()
    await reloaded.read()
    expect(host.demanded()).toEqual(['748-12', '748-12'])
  })

  it('demands the position of a file that was sent', async () => {
    const host = hostThatAnswers()
    const { read, upload } = await openTab()
    vi.stubGlobal('XMLHttpRequest', Uploaded)
    await upload('/api/v1/books/import', { file: new File(['title'], 'books.csv'), headers: {}, onProgress() {} })
    await read()
    expect(host.demanded()).toEqual(['748-12'])
  })

  it('demands nothing any more when every host shows it', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      const host = hostThatAnswers(written('748-12'))
      const { read, write } = await openTab()
      await write()
      vi.setSystemTime(Date.now() + 9000)
      await read()
      vi.setSystemTime(Date.now() + 2000)
      await read()
      vi.setSystemTime(Date.now() - 3_600_000)
      await read()
      expect(host.demanded()).toEqual(['748-12', null, null])
    } finally {
      vi.useRealTimers()
    }
  })

  it.each(['soon', '748', '748-', '-12', '748-12-3', '748-12 1', `${'9'.repeat(30)}-1`])(
    'never demands %s, which the host would refuse',
    async (position) => {
      const host = hostThatAnswers(written(position))
      const { read, write } = await openTab()
      await write()
      await read()
      localStorage.setItem('folkshelf.position', `${position} ${Date.now()}`)
      await read()
      expect(host.demanded()).toEqual([null, null])
    },
  )
})

it('a command demands nothing: the host waits by itself for what its member wrote', async () => {
  const host = hostThatAnswers(written('748-12'))
  const { write } = await openTab()
  await write()
  await write()
  expect(host.sent.map(({ headers }) => headers.get('x-folkshelf-min-position'))).toEqual([null, null])
})

it('the position is forgotten with the session, in every tab', async () => {
  const host = hostThatAnswers(written('748-12'))
  const one = await openTab()
  const other = await openTab()
  await one.write()
  other.session.ended()
  await vi.waitFor(() => expect(one.session.state().status).toBe('visitor'))
  await one.read()
  await other.read()
  expect(host.demanded()).toEqual([null, null])
})

/** Takes the file and answers at once, as far as `upload` looks. */
class Uploaded extends EventTarget {
  readonly upload = new EventTarget()
  readonly status = 202
  readonly responseText = JSON.stringify({ success: true, data: { id: 'import' } })
  open() {}
  abort() {}
  setRequestHeader() {}
  getResponseHeader(name: string) {
    return name === 'x-folkshelf-position' ? '748-12' : null
  }
  send() {
    this.dispatchEvent(new Event('load'))
    this.dispatchEvent(new Event('loadend'))
  }
}
