import type { QueryClient } from '@tanstack/react-query'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { keys } from './keys'
import { liveState, type LiveState } from './live-state'
import { demandPosition } from './position'
import { retryDelay } from './problem'
import type { components } from './schema'
import { session } from './session'

export type Notification = components['schemas']['NotificationView']

type Message =
  | { type: 'frame'; id: string | undefined; notification: Notification }
  | { type: 'state'; state: LiveState }
  | { type: 'gap' }
  /** A new tab: what is the state of the line? */
  | { type: 'hello' }
  /** Somebody looks at a tab again. */
  | { type: 'visible' }

const STREAM = '/api/v1/notifications/stream'
/** The host gives a sign of life every 15 seconds. */
const SILENCE = 40_000
/** How often the page asks while it has no stream. */
const POLL = 60_000
/** So often it asks before it tries to take its place again, though nobody looks: the newer window may be gone by then. */
const POLLS_WHEN_REPLACED = 10

/** What a notification makes stale. */
export function refreshAfter(queries: QueryClient, { data, type }: Notification): void {
  void queries.invalidateQueries({ queryKey: keys.notifications.all })
  if (data.borrowId) void queries.invalidateQueries({ queryKey: keys.borrows.all })
  // What somebody writes changes nothing of the book.
  if (data.bookId && type !== 'borrow.message_sent') void queries.invalidateQueries({ queryKey: keys.books.all })
}

/**
 * Follows one's notifications until `signal` says stop. One tab holds the line for all: browsers allow a host only a few
 * lines at a time. Another takes over when that tab closes.
 */
export function followNotifications(
  {
    onNotification,
    onGap,
  }: {
    onNotification: (notification: Notification) => void
    /** The line was away with nothing to resume from: anything may have happened. */
    onGap: () => void
  },
  signal: AbortSignal,
): void {
  const channel = new BroadcastChannel('folkshelf.live')
  const tell = (message: Message) => channel.postMessage(message)
  let lastId: string | undefined
  let holding = false
  let replaced = false
  /** Ends the pause of a window whose place another one has. */
  let comeBack = () => {}

  function become(state: LiveState) {
    liveState.set(state)
    tell({ type: 'state', state })
  }

  function take(id: string | undefined, notification: Notification) {
    if (id) {
      lastId = id
      // The host's lists may show a moment later what it tells of.
      demandPosition(id)
    }
    onNotification(notification)
  }

  channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
    if (data.type === 'hello') {
      if (holding) become(liveState.get())
    } else if (data.type === 'state') {
      liveState.set(data.state)
    } else if (data.type === 'gap') {
      onGap()
    } else if (data.type === 'visible') {
      comeBack()
    } else {
      take(data.id, data.notification)
    }
  })
  tell({ type: 'hello' })
  const onVisible = () => {
    if (document.visibilityState !== 'visible') return
    comeBack()
    tell({ type: 'visible' })
  }
  document.addEventListener('visibilitychange', onVisible)
  // Of two windows side by side both are visible all the time.
  addEventListener('focus', onVisible)
  signal.addEventListener(
    'abort',
    () => {
      document.removeEventListener('visibilitychange', onVisible)
      removeEventListener('focus', onVisible)
      channel.close()
    },
    { once: true },
  )

  function gap() {
    tell({ type: 'gap' })
    onGap()
  }

  function hear({ id, event, data }: EventSourceMessage) {
    if (event === 'replaced') replaced = true
    if (event !== 'notification') return
    const notification = JSON.parse(data) as Notification
    tell({ type: 'frame', id, notification })
    take(id, notification)
  }

  async function hold() {
    holding = true
    let failures = 0
    let wasConnected = false
    const opened = () => {
      failures = 0
      become('connected')
      if (wasConnected && !lastId) gap()
      wasConnected = true
      replaced = false
    }
    /** Asks every minute instead. Windows must not push each other out all the time: a replaced one waits for a look. */
    const poll = async (wasReplaced: boolean) => {
      become('polling')
      const looked = new AbortController()
      if (wasReplaced) comeBack = () => looked.abort()
      for (let left = wasReplaced ? POLLS_WHEN_REPLACED : 1; left > 0 && !looked.signal.aborted; left -= 1) {
        await pause(POLL, signal, looked.signal)
        if (signal.aborted) return
        gap()
      }
    }
    while (!signal.aborted) {
      try {
        await listen(lastId, signal, hear, opened)
        if (replaced) {
          replaced = false
          await poll(true)
        }
        // The host closes the line when the access token runs out: the next one begins at once.
        await pause(500, signal)
      } catch (error) {
        if (signal.aborted) return
        // Also where the line broke behind the word that another window has it.
        if (error instanceof NoRoom || replaced) {
          const wasReplaced = replaced
          replaced = false
          await poll(wasReplaced)
          continue
        }
        // One failure is a host that starts anew: no need to worry anybody.
        become(failures > 0 || !navigator.onLine ? 'offline' : 'connecting')
        await pause(retryDelay(Math.min(failures++, 4)), signal)
      }
    }
  }

  if (navigator.locks) navigator.locks.request('folkshelf.live', { signal }, hold).catch(() => {})
  else void hold()
}

/** The host streams to as many as it may. */
class NoRoom extends Error {}

/** From this many seconds on, "come back later" is no passing trouble. */
const LATER = 10

/** Reads one line to its end. Throws when there is none to be had, or when it falls silent. */
async function listen(
  lastId: string | undefined,
  signal: AbortSignal,
  onEvent: (event: EventSourceMessage) => void,
  onOpen: () => void,
): Promise<void> {
  const token = await session.token()
  if (!token) throw new Error('nobody is logged in')
  const line = new AbortController()
  const cut = () => line.abort()
  signal.addEventListener('abort', cut, { once: true })
  // What the browser knows at once, silence would tell only later.
  addEventListener('offline', cut)
  let silence = setTimeout(cut, SILENCE)
  try {
    const response = await fetch(STREAM, {
      headers: { authorization: `Bearer ${token}`, ...(lastId ? { 'last-event-id': lastId } : {}) },
      signal: line.signal,
      cache: 'no-store',
    })
    if (response.status === 401) {
      await session.tokenInsteadOf(token)
      return
    }
    if (response.status === 503 && Number(response.headers.get('retry-after')) >= LATER) throw new NoRoom()
    if (!response.ok || !response.body) throw new Error(`the stream answered ${response.status}`)
    onOpen()
    const parser = createParser({ onEvent })
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      clearTimeout(silence)
      silence = setTimeout(cut, SILENCE)
      parser.feed(value)
    }
  } finally {
    clearTimeout(silence)
    signal.removeEventListener('abort', cut)
    removeEventListener('offline', cut)
    cut()
  }
}

/** Ends early when the browser says that it is online again, and when one of the signals says so. */
function pause(milliseconds: number, ...signals: AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      removeEventListener('online', done)
      for (const signal of signals) signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    addEventListener('online', done)
    for (const signal of signals) signal.addEventListener('abort', done)
  })
}
