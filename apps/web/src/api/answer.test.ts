import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { answerTo, PATIENCE } from './answer'
import { NetworkProblem, NoAnswer } from './problem'

const encoder = new TextEncoder()

/** A host that is reached and says nothing, until it is given up. */
function silence(_: unknown, { signal }: RequestInit = {}): Promise<Response> {
  if (signal!.aborted) return Promise.reject(new DOMException('', 'AbortError'))
  return new Promise((_, reject) => signal!.addEventListener('abort', () => reject(new DOMException('', 'AbortError'))))
}

/** A host whose answer comes in parts, one every `pause` milliseconds; `undefined`: then it falls silent. */
function answering(pause: number, ...parts: Array<string | undefined>) {
  return (_: unknown, { signal }: RequestInit = {}) => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        signal!.addEventListener('abort', () => controller.error(new DOMException('', 'AbortError')))
      },
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, pause))
        if (parts.length === 0) return controller.close()
        const part = parts.shift()
        if (part === undefined) return new Promise(() => {})
        controller.enqueue(encoder.encode(part))
      },
    })
    return Promise.resolve(new Response(body, { status: 201, headers: { etag: '"3"' } }))
  }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('an answer', () => {
  it('is given up when none comes', async () => {
    vi.stubGlobal('fetch', silence)
    const answer = expect(answerTo('/api/v1/books')).rejects.toBeInstanceOf(NoAnswer)
    await vi.advanceTimersByTimeAsync(PATIENCE)
    await answer
  })

  it('is given up when it stops half-way', async () => {
    vi.stubGlobal('fetch', answering(10, '{"data":', undefined))
    const answer = expect(answerTo('/api/v1/books')).rejects.toBeInstanceOf(NoAnswer)
    await vi.advanceTimersByTimeAsync(PATIENCE + 20)
    await answer
  })

  it('may take its time as long as it goes on', async () => {
    vi.stubGlobal('fetch', answering(PATIENCE - 1, '{"data"', ':[', '1]}'))
    const answer = answerTo('/api/v1/books')
    await vi.advanceTimersByTimeAsync(4 * PATIENCE)
    const response = await answer
    expect([response.status, response.headers.get('etag'), await response.json()]).toEqual([201, '"3"', { data: [1] }])
  })

  it('without content is one, also where the browser gives it an empty body', async () => {
    const response = Object.defineProperty(
      new Response(new ReadableStream({ start: (body) => body.close() })),
      'status',
      {
        value: 204,
      },
    )
    vi.stubGlobal('fetch', () => Promise.resolve(response))
    await expect(answerTo('/api/v1/books/1')).resolves.toMatchObject({ status: 204, body: null })
  })

  it('that nobody wants any more is no problem of the network', async () => {
    vi.stubGlobal('fetch', silence)
    const wanted = new AbortController()
    const answer = answerTo('/api/v1/books', { signal: wanted.signal })
    wanted.abort()
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' })
    await expect(answerTo('/api/v1/books', { signal: wanted.signal })).rejects.not.toBeInstanceOf(NetworkProblem)
  })

  it('that cannot come is told at once', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')))
    const problem: unknown = await answerTo('/api/v1/books').catch((error: unknown) => error)
    expect(problem).toBeInstanceOf(NetworkProblem)
    expect(problem).not.toBeInstanceOf(NoAnswer)
  })
})
