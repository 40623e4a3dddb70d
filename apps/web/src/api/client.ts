import createClient from 'openapi-fetch'
import { answerTo } from './answer'
import { notePause } from './pause'
import { demandedPosition, demandPosition } from './position'
import { problemOf } from './problem'
import type { components, paths } from './schema'
import { session } from './session'

/** These say who one is, so they cannot need it. Whoever is signed in confirms an address as themself. */
const WITHOUT_SESSION = /\/auth\/(login|register|refresh-token|forgot-password|reset-password|resend-proof)$/

async function attempt(request: Request, token: string | undefined): Promise<Response> {
  const sent = request.clone()
  if (token) sent.headers.set('authorization', `Bearer ${token}`)
  const position = request.method === 'GET' ? demandedPosition() : undefined
  if (position) sent.headers.set('x-folkshelf-min-position', position)
  const response = await answerTo(sent)
  notePause(response)
  // Whatever the status: a refused command may have changed something too.
  demandPosition(response.headers.get('x-folkshelf-position'))
  return response
}

async function endsSession(response: Response): Promise<boolean> {
  if (response.status !== 401) return false
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined)
  return problemOf(response, body).code === 'UNAUTHENTICATED'
}

/** Sends a request as whoever is logged in; again, with a new token, when the old one was refused. */
export async function send(request: Request): Promise<Response> {
  if (WITHOUT_SESSION.test(new URL(request.url).pathname)) return attempt(request, undefined)
  const token = await session.token()
  const response = await attempt(request, token)
  if (!token || !(await endsSession(response))) return response
  const renewed = await session.tokenInsteadOf(token)
  return renewed ? attempt(request, renewed) : response
}

/** Every call of the API goes through this client, typed by the host's OpenAPI document. */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: send })

interface Answer<Body> {
  data?: Body
  error?: unknown
  response: Response
}

async function body<Body>(pending: Promise<Answer<Body>>): Promise<Body> {
  const { data, error, response } = await pending
  if (!response.ok) throw problemOf(response, error)
  return data as Body
}

/** What a call answers, out of its envelope: `ask(api.GET('/api/v1/users/me'))`. Throws `ApiProblem` or `NetworkProblem`. */
export async function ask<Data>(pending: Promise<Answer<{ data: Data }>>): Promise<Data> {
  return (await body(pending)).data
}

/** As `ask`, of a call that may have nothing to tell. */
export async function askIfAny<Data>(pending: Promise<Answer<{ data: Data }>>): Promise<Data | undefined> {
  const told: { data: Data } | undefined = await body(pending)
  return told?.data
}

/** One page of a list. */
export async function askPage<Item>(
  pending: Promise<Answer<{ data: Item[]; pagination: components['schemas']['Pagination'] }>>,
) {
  const { data, pagination } = await body(pending)
  return { items: data, pagination }
}

/** For answers that are a file: ask with `parseAs: 'blob'`. */
export async function askFile(pending: Promise<Answer<Blob>>): Promise<Blob> {
  return body(pending)
}

/** For calls that have nothing to tell. */
export async function askNothing(pending: Promise<Answer<unknown>>): Promise<void> {
  await body(pending)
}
