import { onlineManager, useMutation, useQueryClient, type QueryClient, type QueryKey } from '@tanstack/react-query'
import { useCallback, useRef, useState } from 'react'
import { toast } from '@/ui/toast'
import { Intentions } from './idempotency'
import { isConflict, isRateLimited, isWorthRetrying, NoAnswer, Offline, retryDelay } from './problem'
import { useProblemText } from './useProblemText'

/** To be sent along with a command. */
export type CommandHeaders = { 'Idempotency-Key': string }

const RETRIES = 2
/** Milliseconds after the click in which a command is tried again: later nobody expects it. */
const RETRY_WITHIN = 15_000

/** As the strip at the top of the page says. */
const isOffline = () => !onlineManager.isOnline()

/** The `If-Match` header for a thing with a version: it is changed only if it is still as it was seen. */
export function ifMatch(version: number): { 'If-Match': string } {
  return { 'If-Match': `"${version}"` }
}

export interface Command<Input, Output> {
  send: (input: Input, headers: CommandHeaders) => Promise<Output>
  /** It is done anew whenever it is sent, and its answer holds a secret: it is sent once, and the answer is not kept. */
  once?: boolean
  /** What it makes stale; also fetched again when the host says that things stand otherwise (409, 412). */
  refreshes?: readonly QueryKey[]
  /** Shows the outcome before the host has answered, and returns how to take it back. */
  optimistic?: (input: Input, queries: QueryClient) => () => void
  /** Said when it is done. */
  said?: string | ((output: Output, input: Input) => string)
  onDone?: (output: Output, input: Input) => void
  /** `true`: it is shown where it belongs (at a field of a form); otherwise a toast tells it. */
  onProblem?: (problem: unknown, input: Input) => boolean
}

/**
 * Something the user asks the host to do. However often they click, it is done once: while it is under way another call
 * is ignored, and an attempt that was left without an answer is repeated under the same key. Offline it is refused at
 * once, and never sends itself later.
 */
export function useCommand<Input = void, Output = unknown>(command: Command<Input, Output>) {
  const queries = useQueryClient()
  const problemText = useProblemText()
  const [intentions] = useState(() => new Intentions())
  const underWay = useRef(false)
  const attempts = useRef({ count: 0, since: 0, keyed: false })

  const mutation = useMutation({
    networkMode: 'always',
    // A command that failed because the line was cut is not sent again: the user would not expect it by then.
    retry: (failures, error) =>
      !command.once &&
      failures < RETRIES &&
      isWorthRetrying(error) &&
      (!isRateLimited(error) || (attempts.current.keyed && retryDelay(failures, error) <= RETRY_WITHIN)) &&
      !isOffline() &&
      navigator.onLine,
    retryDelay,
    ...(command.once && { gcTime: 0 }),
    mutationFn: (input: Input) => {
      // Before another attempt TanStack waits until the page has the focus, however long that takes.
      const { count, since } = attempts.current
      if (count > 0 && (isOffline() || Date.now() - since > RETRY_WITHIN)) throw new NoAnswer('not tried again')
      attempts.current.count += 1
      const { current } = attempts
      return command.send(input, {
        // Asked for only by those that send it: without a key a refused command is not sent again.
        get 'Idempotency-Key'() {
          current.keyed = true
          return intentions.keyFor(input)
        },
      })
    },
    onMutate: (input) => {
      attempts.current = { count: 0, since: Date.now(), keyed: false }
      if (isOffline()) throw new Offline('nothing was sent')
      return { takeBack: command.optimistic?.(input, queries) }
    },
    onSuccess: (output, input) => {
      intentions.settled(input)
      const text = typeof command.said === 'function' ? command.said(output, input) : command.said
      if (text) toast({ text })
    },
    onError: (error, input, context) => {
      intentions.settled(input, error)
      context?.takeBack?.()
      if (!command.onProblem?.(error, input)) toast({ tone: 'problem', text: problemText(error) })
    },
    onSettled: async (_output, error) => {
      underWay.current = false
      if (error && !isConflict(error) && !command.optimistic) return
      await Promise.all(command.refreshes?.map((queryKey) => queries.invalidateQueries({ queryKey })) ?? [])
    },
  })

  const { mutate } = mutation
  const { onDone } = command
  const run = useCallback(
    (input: Input) => {
      if (underWay.current || intentions.justDone(input)) return
      underWay.current = true
      mutate(input, { onSuccess: (output) => onDone?.(output, input) })
    },
    [mutate, onDone, intentions],
  )
  return { run, pending: mutation.isPending, done: mutation.isSuccess, problem: mutation.error, reset: mutation.reset }
}
