import type { components } from '@/api/schema'
import { wordsOf, type Happening } from '../happening'
import type { Loan, Part } from '../loan'

export type Message = components['schemas']['MessageView']

/** As the host keeps messages after the end. */
const KEPT_DAYS = 90
export const MESSAGE_LENGTH = 2000

/** The part of the page that links lead to, and the field in it. */
export const TALK = 'messages'
export const FIELD = 'write'

/**
 * What one may do with the messages of a loan: `open`: read and write; `closed`: the request came to nothing; `left`: the other
 * one is no longer here; `over`: they are deleted by now; `none`: a moderator whom nobody has called, or not any more.
 */
export type Access = 'open' | 'closed' | 'left' | 'over' | 'none'

export function accessOf(loan: Loan, part: Part, now = new Date()): Access {
  const { closedAt, handedOverAt } = loan
  if (part === 'moderator' && !loan.hasModerators) return 'none'
  if (closedAt && now.getTime() >= new Date(closedAt).getTime() + KEPT_DAYS * 86_400_000) return 'over'
  if (closedAt && !handedOverAt) return 'closed'
  const isAlone = part === 'owner' ? loan.borrower.left : part === 'borrower' && loan.owner.left
  return isAlone ? 'left' : 'open'
}

export const hasMessages = (access: Access) => access !== 'over' && access !== 'none'

/** What a member wrote along with a step of the loan. */
export interface Step {
  kind: 'step'
  at: string
  happening: Happening
  words: string | undefined
}

export interface Said {
  kind: 'message'
  at: string
  message: Message
  /** The one before is another's, or a step: the name stands here. */
  first: boolean
}

export type Entry = Step | Said

/** Steps and messages in the order in which they came. `reaches`: before the oldest message there are more, not fetched yet. */
export function inOneThread(
  steps: readonly Happening[],
  messages: readonly Message[],
  loan: Loan,
  reaches: boolean,
): Entry[] {
  const since = reaches ? messages[0]?.sentAt : undefined
  const entries: Entry[] = [
    ...steps.map((happening): Step => ({ kind: 'step', at: happening.at, happening, words: wordsOf(happening) })),
    ...messages.map((message): Said => ({ kind: 'message', at: message.sentAt, message, first: true })),
  ]
  attachWords(entries, loan)
  const thread = entries
    .filter(({ at }) => !since || Date.parse(at) >= Date.parse(since))
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
  return thread.map((entry, place) => {
    const before = thread[place - 1]
    const goesOn =
      entry.kind === 'message' && before?.kind === 'message' && before.message.author.id === entry.message.author.id
    return goesOn ? { ...entry, first: false } : entry
  })
}

/** The words of a request and the note on a return or a loss are the loan's: no event tells them. */
function attachWords(entries: Entry[], { message, note, resolution }: Loan) {
  const attach = (words: string | null | undefined, types: readonly string[]) => {
    const step = entries.findLast((entry) => entry.kind === 'step' && types.includes(entry.happening.type))
    if (words && step?.kind === 'step') step.words ??= words
  }
  attach(message, ['borrow.created'])
  attach(note, ['borrow.returned', 'borrow.lost', 'borrow.disputed'])
  attach(resolution?.note, ['borrow.resolved'])
}

/** The first of so many messages of others that were not read. */
export function firstUnread(messages: readonly Message[], unread: number, userId: string): string | undefined {
  const others = messages.filter(({ author }) => author.id !== userId)
  return unread > 0 ? (others.at(-unread)?.id ?? others[0]?.id) : undefined
}

/** As the host counts them. */
export const lengthOf = (text: string) => Array.from(text.trim()).length

/** Milliseconds until one looks whether one's last message has been read: nobody is told of that. */
const LOOK_SOON = 5_000
const LOOK_LATER = 30_000
/** So long the other one may well be on the page. */
const JUST_SENT = 120_000

/** `false`: there is nothing to look for. */
export function looksForReader(newest: readonly Message[], userId: string, now = Date.now()): number | false {
  const last = newest.findLast(({ author }) => author.id === userId)
  if (!last || last.readAt) return false
  return now - Date.parse(last.sentAt) < JUST_SENT ? LOOK_SOON : LOOK_LATER
}
