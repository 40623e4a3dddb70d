import { demandPosition } from './position'
import { NetworkProblem, NoAnswer, problemOf } from './problem'
import { session } from './session'

interface Upload {
  file: File
  headers: Record<string, string>
  /** From 0 to 1, as the bytes leave. */
  onProgress: (sent: number) => void
}

/** Milliseconds in which some bytes leave, on any line that is one. */
const STANDSTILL = 60_000
/** Milliseconds that the host takes to read a large file. */
const READING = 10 * 60_000

/** Sends a file as the form part `file`. By `XMLHttpRequest`, which alone tells how much has left. */
export async function upload<Data>(path: string, sending: Upload): Promise<Data> {
  const token = await session.token()
  const response = await attempt(path, sending, token)
  if (response.status !== 401 || !token) return dataOf<Data>(response)
  const renewed = await session.tokenInsteadOf(token)
  return dataOf<Data>(renewed ? await attempt(path, sending, renewed) : response)
}

async function dataOf<Data>(response: Response): Promise<Data> {
  const body: unknown = await response.json().catch(() => undefined)
  if (!response.ok) throw problemOf(response, body)
  return (body as { data: Data }).data
}

function attempt(path: string, { file, headers, onProgress }: Upload, token: string | undefined): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', path)
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    if (token) request.setRequestHeader('authorization', `Bearer ${token}`)
    let patience = setTimeout(giveUp, STANDSTILL)
    function giveUp() {
      reject(new NoAnswer(`no answer to POST ${path}, or the file did not leave`))
      request.abort()
    }
    function waitFor(milliseconds: number) {
      clearTimeout(patience)
      patience = setTimeout(giveUp, milliseconds)
    }
    request.upload.addEventListener('progress', ({ loaded, total }) => {
      waitFor(STANDSTILL)
      onProgress(total > 0 ? loaded / total : 0)
    })
    request.upload.addEventListener('load', () => waitFor(READING))
    request.addEventListener('loadend', () => clearTimeout(patience))
    request.addEventListener('error', () => reject(new NetworkProblem(`no answer to POST ${path}`)))
    request.addEventListener('load', () => {
      demandPosition(request.getResponseHeader('x-folkshelf-position'))
      const retryAfter = request.getResponseHeader('retry-after')
      const headers = retryAfter === null ? undefined : { 'retry-after': retryAfter }
      resolve(new Response(request.responseText || null, { status: request.status, ...(headers && { headers }) }))
    })
    const form = new FormData()
    form.append('file', file)
    request.send(form)
  })
}
