import { NetworkProblem, NoAnswer } from './problem'

/** Milliseconds without a sign of the host after which nobody waits any longer. */
export const PATIENCE = 20_000

/**
 * `fetch` with an end: a line that has gone silent is given up. It answers when the whole answer is there, so that
 * reading it cannot fail or wait.
 */
export async function answerTo(
  asked: string | Request,
  { signal = asked instanceof Request ? asked.signal : null, ...init }: RequestInit = {},
): Promise<Response> {
  const line = new AbortController()
  const cut = () => line.abort()
  signal?.addEventListener('abort', cut)
  if (signal?.aborted) cut()
  let silent = false
  const giveUp = () => {
    silent = true
    cut()
  }
  let patience = setTimeout(giveUp, PATIENCE)
  const heard = () => {
    clearTimeout(patience)
    patience = setTimeout(giveUp, PATIENCE)
  }
  try {
    return await whole(await fetch(asked, { ...init, signal: line.signal }), heard)
  } catch (cause) {
    if (signal?.aborted) throw cause
    const what = typeof asked === 'string' ? asked : `${asked.method} ${asked.url}`
    throw silent
      ? new NoAnswer(`${PATIENCE} ms without an answer to ${what}`, { cause })
      : new NetworkProblem(`no answer to ${what}`, { cause })
  } finally {
    clearTimeout(patience)
    signal?.removeEventListener('abort', cut)
  }
}

async function whole(response: Response, heard: () => void): Promise<Response> {
  heard()
  const { body } = response
  if (!body) return response
  const noticed = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(part, parts) {
      heard()
      parts.enqueue(part)
    },
  })
  const content = await new Response(body.pipeThrough(noticed)).arrayBuffer()
  // Chromium gives even a 204 a body, which a response of our own must not have.
  return new Response(content.byteLength > 0 ? content : null, response)
}
