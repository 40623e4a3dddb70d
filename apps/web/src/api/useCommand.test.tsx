import { focusManager, onlineManager } from '@tanstack/react-query'
import { screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fakeHost, lineDown, refusal, success, tooOften } from '@/test/host'
import { renderPage } from '@/test/render'
import { Button } from '@/ui/Button'
import { unsaid } from '@/ui/toast'
import { api, ask } from './client'
import { session } from './session'
import { useCommand } from './useCommand'

const READ_ALL = '/api/v1/notifications/read-all'

vi.mock(import('./problem'), async (original) => ({ ...(await original()), retryDelay: () => 1 }))

function ReadAll({ optimistic }: { optimistic?: () => () => void }) {
  const { run, pending, done } = useCommand({
    send: (_: void, headers) => ask(api.POST('/api/v1/notifications/read-all', { headers })),
    refreshes: [['notifications']],
    said: 'All read',
    ...(optimistic && { optimistic }),
  })
  return (
    <Button pending={pending} onClick={() => run()}>
      {done ? 'done' : 'read all'}
    </Button>
  )
}

const keysSent = (host: ReturnType<typeof fakeHost>) =>
  host.to(READ_ALL).map(({ headers }) => headers.get('idempotency-key'))
const said = () => unsaid.get().map(({ text }) => text)

beforeEach(() => {
  session.start()
  unsaid.set([])
})

describe('a command', () => {
  it('is sent once however often it is clicked', async () => {
    const host = fakeHost({ [`POST ${READ_ALL}`]: () => success({ count: 3 }) })
    await renderPage(<ReadAll />)
    await userEvent.tripleClick(screen.getByRole('button'))
    await screen.findByText('done')
    expect(keysSent(host)).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)])
    expect(said()).toEqual(['All read'])
  })

  it('keeps its key while nobody knows whether it arrived', async () => {
    let down = true
    const host = fakeHost({ [`POST ${READ_ALL}`]: () => (down ? lineDown() : success({ count: 3 })) })
    await renderPage(<ReadAll />)
    await userEvent.click(screen.getByRole('button'))
    await waitFor(() => expect(said()).toEqual([expect.stringContaining('cannot be reached')]))
    down = false
    await userEvent.click(screen.getByRole('button'))
    await screen.findByText('done')
    expect(keysSent(host).length).toBeGreaterThan(1)
    expect(new Set(keysSent(host)).size).toBe(1)
  })

  it('takes another key after an answer', async () => {
    const host = fakeHost({ [`POST ${READ_ALL}`]: () => refusal(403, 'FORBIDDEN') })
    await renderPage(<ReadAll />)
    await userEvent.click(screen.getByRole('button'))
    await waitFor(() => expect(said()).toHaveLength(1))
    await userEvent.click(screen.getByRole('button'))
    await waitFor(() => expect(said()).toHaveLength(2))
    expect(new Set(keysSent(host)).size).toBe(2)
  })

  it('looks again and says so when things stand otherwise', async () => {
    fakeHost({ [`POST ${READ_ALL}`]: () => refusal(409, 'BORROW_NOT_PENDING') })
    const { queries } = await renderPage(<ReadAll />)
    queries.setQueryData(['notifications'], 'stale')
    await userEvent.click(screen.getByRole('button'))
    await waitFor(() => expect(queries.getQueryState(['notifications'])?.isInvalidated).toBe(true))
    expect(said()).toEqual([expect.stringContaining('no longer waiting for an answer')])
  })

  it('takes back what it showed too early', async () => {
    fakeHost({ [`POST ${READ_ALL}`]: () => refusal(403, 'FORBIDDEN') })
    const takeBack = vi.fn()
    await renderPage(<ReadAll optimistic={() => takeBack} />)
    await userEvent.click(screen.getByRole('button'))
    await waitFor(() => expect(takeBack).toHaveBeenCalledOnce())
  })
})

describe('a command that came too often', () => {
  it('is sent again under its key when the wait is over', async () => {
    let refused = 0
    const host = fakeHost({ [`POST ${READ_ALL}`]: () => (refused++ < 1 ? tooOften(2) : success({ count: 3 })) })
    await renderPage(<ReadAll />)
    await userEvent.click(screen.getByRole('button'))
    await screen.findByText('done')
    expect(keysSent(host)).toHaveLength(2)
    expect(new Set(keysSent(host)).size).toBe(1)
  })

  it('says how long to wait where the wait is long', async () => {
    const host = fakeHost({ [`POST ${READ_ALL}`]: () => tooOften(90) })
    await renderPage(<ReadAll />)
    await userEvent.click(screen.getByRole('button'))
    await waitFor(() => expect(said()).toEqual([expect.stringContaining('wait 90 seconds')]))
    expect(host.sent).toHaveLength(1)
  })

  it('is not sent again where it carries no key', async () => {
    function ReadAllWithoutKey() {
      const { run } = useCommand({ send: () => ask(api.POST('/api/v1/notifications/read-all')) })
      return <Button onClick={() => run()}>read all</Button>
    }
    const host = fakeHost({ [`POST ${READ_ALL}`]: () => tooOften(2) })
    await renderPage(<ReadAllWithoutKey />)
    await userEvent.click(screen.getByRole('button'))
    await waitFor(() => expect(said()).toEqual([expect.stringContaining('wait 2 seconds')]))
    expect(host.sent).toHaveLength(1)
  })
})

describe('a command without a line', () => {
  afterEach(() => onlineManager.setOnline(true))

  it('is refused at once, and sent when it is clicked again', async () => {
    const host = fakeHost({ [`POST ${READ_ALL}`]: () => success({ count: 3 }) })
    const optimistic = vi.fn(() => () => {})
    await renderPage(<ReadAll optimistic={optimistic} />)
    onlineManager.setOnline(false)
    await userEvent.click(screen.getByRole('button'))
    await waitFor(() => expect(said()).toEqual(['Nothing was sent: you were offline.']))
    expect(screen.getByRole('button').ariaBusy).toBeNull()
    expect(optimistic).not.toHaveBeenCalled()

    onlineManager.setOnline(true)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(host.sent).toEqual([])
    await userEvent.click(screen.getByRole('button'))
    await screen.findByText('done')
    expect(host.sent).toHaveLength(1)
  })

  it('is not tried again when the line goes while it is on its way', async () => {
    const host = fakeHost({
      [`POST ${READ_ALL}`]: () => {
        onlineManager.setOnline(false)
        return lineDown()
      },
    })
    await renderPage(<ReadAll />)
    await userEvent.click(screen.getByRole('button'))
    await waitFor(() => expect(said()).toEqual([expect.stringContaining('cannot be reached')]))
    onlineManager.setOnline(true)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(host.sent).toHaveLength(1)
  })

  it('is not tried again when somebody comes back to the page much later', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const host = fakeHost({
      [`POST ${READ_ALL}`]: () => {
        focusManager.setFocused(false)
        return lineDown()
      },
    })
    try {
      await renderPage(<ReadAll />)
      await userEvent.click(screen.getByRole('button'))
      await waitFor(() => expect(host.sent).toHaveLength(1))
      // The attempt has failed and waits for the page to be looked at.
      await new Promise((resolve) => setTimeout(resolve, 50))
      vi.setSystemTime(Date.now() + 60_000)
      focusManager.setFocused(true)
      await waitFor(() => expect(said()).toEqual([expect.stringContaining('does not answer')]))
      expect(host.sent).toHaveLength(1)
    } finally {
      focusManager.setFocused(undefined)
      vi.useRealTimers()
    }
  })
})
