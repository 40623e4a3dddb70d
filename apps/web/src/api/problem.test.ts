import { describe, expect, it } from 'vitest'
import { ApiProblem, isConflict, isTransient, isWorthRetrying, NetworkProblem, problemOf, retryDelay } from './problem'

const answer = (status: number, headers: Record<string, string> = {}) => new Response(null, { status, headers })

describe('a refusal', () => {
  it('keeps what the host said', () => {
    const problem = problemOf(answer(409), {
      success: false,
      error: { code: 'BORROW_NOT_PENDING', message: 'no', details: [{ field: 'status', message: 'active' }] },
      traceId: 'abc',
    })
    expect(problem).toMatchObject({ code: 'BORROW_NOT_PENDING', status: 409, traceId: 'abc' })
    expect(problem.detail('status')).toBe('active')
    expect(isConflict(problem)).toBe(true)
    expect(isTransient(problem)).toBe(false)
  })

  it('of something between us and the host is read by its status', () => {
    expect(problemOf(answer(502), '<html>Bad gateway</html>').code).toBe('UNAVAILABLE')
    expect(problemOf(answer(500), undefined).code).toBe('INTERNAL')
    expect(problemOf(answer(429), '<html>Slow down</html>').code).toBe('RATE_LIMITED')
  })
})

describe('trying again', () => {
  it('is worth it without an answer and while the host is away, for nothing else', () => {
    expect(isTransient(new NetworkProblem('down'))).toBe(true)
    expect(isTransient(problemOf(answer(503), undefined))).toBe(true)
    expect(isTransient(problemOf(answer(500), undefined))).toBe(false)
    expect(isTransient(new Error('a bug'))).toBe(false)
  })

  it('is worth a short wait after too many requests, and no long or unknown one', () => {
    const after = (headers: Record<string, string>) => isWorthRetrying(problemOf(answer(429, headers), undefined))
    expect([after({ 'retry-after': '20' }), after({ 'retry-after': '21' }), after({})]).toEqual([true, false, false])
  })

  it('waits as long as the host asks, else longer each time', () => {
    expect(retryDelay(0, problemOf(answer(503, { 'retry-after': '2' }), undefined))).toBe(2000)
    expect(retryDelay(0)).toBeLessThan(retryDelay(3))
    expect(retryDelay(50)).toBeLessThanOrEqual(37_500)
  })

  it('does not take an answer without Retry-After for one that says at once', () => {
    expect(new ApiProblem({ code: 'UNAVAILABLE', status: 503, message: '' }).retryAfter).toBeUndefined()
    expect(problemOf(answer(503), undefined).retryAfter).toBeUndefined()
  })
})
