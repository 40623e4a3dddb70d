/** What the host refused, by its stable code. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  readonly code: string
  readonly status: number
  readonly details: readonly ProblemDetail[]
  readonly traceId: string | undefined
  /** Seconds after which it is worth trying again, where the host says so. */
  readonly retryAfter: number | undefined

  constructor(problem: {
    code: string
    status: number
    message: string
    details?: readonly ProblemDetail[] | undefined
    traceId?: string | undefined
    retryAfter?: number | undefined
  }) {
    super(problem.message)
    this.code = problem.code
    this.status = problem.status
    this.details = problem.details ?? []
    this.traceId = problem.traceId
    this.retryAfter = problem.retryAfter
  }

  /** A part of the present state that a refusal tells: `detail('status')` of a borrow that has moved on. */
  detail(field: string): string | undefined {
    return this.details.find((detail) => detail.field === field)?.message
  }
}

/** No answer came: the line is down, or the host is. Whether the request was carried out is unknown. */
export class NetworkProblem extends Error {
  override readonly name: string = 'NetworkProblem'
}

/** The line is there, but whoever is at its other end says nothing. */
export class NoAnswer extends NetworkProblem {
  override readonly name = 'NoAnswer'
}

/** There is no line, and the browser knows: nothing was sent. */
export class Offline extends NetworkProblem {
  override readonly name = 'Offline'
}

export interface ProblemDetail {
  field: string
  message: string
}

function isErrorBody(
  body: unknown,
): body is { error: { code: string; message: string; details?: ProblemDetail[] }; traceId?: string } {
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
}

/** From an answer that is no success. What is between us and the host answers in formats of its own. */
export function problemOf(response: Response, body: unknown): ApiProblem {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  const retryAfter = Number.isFinite(seconds) ? seconds : undefined
  const { status } = response
  if (isErrorBody(body)) {
    const { code, message, details } = body.error
    return new ApiProblem({ code, status, message, details, traceId: body.traceId, retryAfter })
  }
  const away = status === 502 || status === 503 || status === 504
  const code = status === 429 ? 'RATE_LIMITED' : away ? 'UNAVAILABLE' : 'INTERNAL'
  return new ApiProblem({ code, status, message: response.statusText, retryAfter })
}

/** The same request may well succeed in a moment. */
export function isTransient(error: unknown): boolean {
  return error instanceof NetworkProblem || (error instanceof ApiProblem && error.code === 'UNAVAILABLE')
}

/** Seconds that the app waits by itself when it has asked too often; of a longer wait the user decides. */
export const WAITS_BY_ITSELF = 20

/** Refused before anything was done, because too much was asked in a short time. */
export function isRateLimited(error: unknown): error is ApiProblem {
  return error instanceof ApiProblem && error.code === 'RATE_LIMITED'
}

/**
 * Whether the app tries again by itself before it shows the problem. After a long wait without an answer, and offline, it
 * shows the problem at once: the user decides when to try again.
 */
export function isWorthRetrying(error: unknown): boolean {
  if (isRateLimited(error)) return error.retryAfter !== undefined && error.retryAfter <= WAITS_BY_ITSELF
  return isTransient(error) && !(error instanceof NoAnswer) && !(error instanceof Offline)
}

/** Somebody was faster: what is on the screen is no longer so. */
export function isConflict(error: unknown): boolean {
  return error instanceof ApiProblem && (error.status === 409 || error.status === 412)
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ApiProblem && error.status === 404
}

/** Milliseconds until the next attempt: what the host asks for, else doubling, with jitter so that not all come at once. */
export function retryDelay(attempt: number, error?: unknown): number {
  if (error instanceof ApiProblem && error.retryAfter !== undefined) return error.retryAfter * 1000
  return Math.min(1000 * 2 ** attempt, 30_000) * (0.75 + Math.random() * 0.5)
}
