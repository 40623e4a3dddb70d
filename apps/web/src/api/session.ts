import { answerTo } from './answer'
import { forgetPosition } from './position'
import { ApiProblem, isTransient, problemOf, retryDelay } from './problem'
import type { components } from './schema'
import { createStore } from '@/store'

export type SessionUser = components['schemas']['AccountUser']
type SignedIn = components['schemas']['SignedInView']

export type SessionState =
  /** It is being found out whether there is one. */
  | { status: 'unknown' }
  | { status: 'visitor' }
  | { status: 'member'; user: SessionUser }
  /** It ended while its member was at work: what they were doing waits until they log in again. */
  | { status: 'expired'; user: SessionUser }

interface Grant {
  user: SessionUser
  token: string
  expiresAt: number
}

type Message = { type: 'signed-in' | 'renewed'; grant: Grant } | { type: 'signed-out' }

/** Not a secret: says that asking for a session may be worth it, so that visitors never cause a 401. */
const MAY_HAVE_SESSION = 'folkshelf.session'
const RENEW_BEFORE = 60_000
/** Long enough for a message that was posted before the lock was let go. */
const MESSAGE_DELAY = 30

const store = createStore<SessionState>({ status: 'unknown' })
let channel: BroadcastChannel | undefined
let grant: Grant | undefined
let renewing: Promise<Grant | undefined> | undefined
let renewal: ReturnType<typeof setTimeout> | undefined
/** Those who wait for their member to log in again. */
let waiting: Array<(grant: Grant | undefined) => void> = []

function take(next: Grant, message?: 'signed-in' | 'renewed') {
  grant = next
  localStorage.setItem(MAY_HAVE_SESSION, '1')
  store.set({ status: 'member', user: next.user })
  if (message) channel?.postMessage({ type: message, grant: next } satisfies Message)
  renewIn(Math.max(next.expiresAt - Date.now() - RENEW_BEFORE, 1000), next)
  release(next)
}

/** Without an answer it is tried again: only the host's word ends a session. */
function renewIn(milliseconds: number, old: Grant, attempt = 0) {
  clearTimeout(renewal)
  renewal = setTimeout(
    () => void renew(old).catch((error: unknown) => renewIn(retryDelay(attempt, error), old, attempt + 1)),
    milliseconds,
  )
}

function leave(message?: 'signed-out') {
  grant = undefined
  clearTimeout(renewal)
  localStorage.removeItem(MAY_HAVE_SESSION)
  forgetPosition()
  store.set({ status: 'visitor' })
  if (message) channel?.postMessage({ type: message } satisfies Message)
  release(undefined)
}

function expire() {
  const { user } = grant ?? {}
  grant = undefined
  clearTimeout(renewal)
  if (user) store.set({ status: 'expired', user })
  else if (store.get().status !== 'expired') leave()
}

function release(outcome: Grant | undefined) {
  const released = waiting
  waiting = []
  for (const done of released) done(outcome)
}

function granted(data: SignedIn): Grant {
  return { user: data.user, token: data.accessToken, expiresAt: Date.now() + data.expiresIn * 1000 }
}

/** `undefined`: the session has ended. */
async function refresh(): Promise<Grant | undefined> {
  // It must come to its end even when the page is left: the old refresh token is dead once the host has it.
  const response = await answerTo('/api/v1/auth/refresh-token', { method: 'POST', keepalive: true })
  if (response.status === 401) return undefined
  const body: unknown = await response.json().catch(() => undefined)
  // Whoever is on the way to the host may answer in its place, and even cheerfully.
  if (!response.ok || !isSignedIn(body)) throw problemOf(response, body)
  return granted(body.data)
}

function isSignedIn(body: unknown): body is { data: SignedIn } {
  const data = typeof body === 'object' && body !== null && 'data' in body ? body.data : undefined
  return typeof data === 'object' && data !== null && 'accessToken' in data
}

/** One tab at a time. Where there are no locks (plain HTTP), the host gives tabs that ask within ten seconds the same new token. */
async function alone<T>(work: (waited: boolean) => Promise<T>): Promise<T> {
  if (!navigator.locks) return work(false)
  const asked = performance.now()
  return await navigator.locks.request('folkshelf.session', () => work(performance.now() - asked > 5))
}

/** A grant newer than `old`; once for all who ask at the same time. `undefined`: the session has ended. */
function renew(old: Grant | undefined): Promise<Grant | undefined> {
  if (grant && grant !== old) return Promise.resolve(grant)
  renewing ??= alone(async (waited) => {
    if (waited) await new Promise((resolve) => setTimeout(resolve, MESSAGE_DELAY))
    if (grant && grant !== old) return grant
    const next = await refresh()
    if (next) take(next, 'renewed')
    else expire()
    return next
  }).finally(() => {
    renewing = undefined
  })
  return renewing
}

function isFresh({ expiresAt }: Grant): boolean {
  return expiresAt - Date.now() > RENEW_BEFORE / 4
}

/** The token to send, fresh enough to arrive; `undefined` for visitors. */
async function token(): Promise<string | undefined> {
  if (store.get().status === 'visitor') return undefined
  return grant && isFresh(grant) ? grant.token : (await another())?.token
}

/** After the host refused `refused`: another token, or `undefined` when its member gives up. */
async function tokenInsteadOf(refused: string): Promise<string | undefined> {
  return grant && grant.token !== refused ? grant.token : (await another())?.token
}

/** By renewal, else when its member has logged in again. */
async function another(): Promise<Grant | undefined> {
  const ended = () => store.get().status === 'expired'
  if (ended()) return again()
  return (await renew(grant)) ?? (ended() ? again() : undefined)
}

function again(): Promise<Grant | undefined> {
  return new Promise((resolve) => waiting.push(resolve))
}

/** Ends the session here, at the host and in all tabs. One that has ended already is as good. */
async function logOut(): Promise<void> {
  const current = grant && isFresh(grant) ? grant : await renew(grant)
  if (current) {
    const headers = { authorization: `Bearer ${current.token}` }
    const response = await answerTo('/api/v1/auth/logout', { method: 'POST', headers })
    if (!response.ok && response.status !== 401) throw problemOf(response, await response.json().catch(() => undefined))
  }
  leave('signed-out')
}

/** Asks for the session until it is known: without an answer nobody can say who this is. */
async function find(attempt = 0): Promise<void> {
  try {
    await renew(undefined)
  } catch (error) {
    const transient = isTransient(error) || error instanceof ApiProblem
    if (!transient || store.get().status !== 'unknown') return
    await new Promise((resolve) => setTimeout(resolve, retryDelay(attempt, error)))
    await find(attempt + 1)
  }
}

function hear({ data }: MessageEvent<Message>) {
  if (data.type === 'signed-out') leave()
  else take(data.grant)
}

export const session = {
  state: store.get,
  subscribe: store.subscribe,
  token,
  tokenInsteadOf,
  start() {
    channel = new BroadcastChannel('folkshelf.session')
    channel.addEventListener('message', hear)
    if (localStorage.getItem(MAY_HAVE_SESSION)) void find()
    else store.set({ status: 'visitor' })
  },
  /** With what logging in or registering answered. */
  signedIn: (data: SignedIn) => take(granted(data), 'signed-in'),
  logOut,
  /** The host has ended it, or its member gives it up. */
  ended: () => leave('signed-out'),
  /** What is shown of oneself has changed. */
  changed(user: Partial<SessionUser>) {
    if (grant) take({ ...grant, user: { ...grant.user, ...user } }, 'renewed')
  },
}
