import { cleanup, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { session } from '@/api/session'
import { fakeHost, lineDown, refusal, signedIn, success, type Sent } from '@/test/host'
import { renderPage } from '@/test/render'
import type { Loan } from '../loan'
import { Conversation } from './Conversation'
import type { Message } from './talk'

vi.setConfig({ testTimeout: 30_000 })

const LOAN = '/api/v1/borrows/loan'
const SEND = `POST ${LOAN}/messages`

const loan: Loan = {
  id: 'loan',
  book: { id: 'book', title: 'Emma', authors: ['Jane Austen'] },
  borrower: { id: 'finn', name: 'Finn' },
  owner: { id: 'ada', name: 'Ada' },
  status: 'active',
  overdue: false,
  days: 14,
  requestedAt: '2026-11-21T12:00:00Z',
  extensions: 0,
  unreadMessages: 0,
  version: 1,
}

const message = (id: string, text: string, author: string): Message => ({
  id,
  author: { id: author, name: author === 'ada' ? 'Ada' : 'Finn' },
  text,
  sentAt: `2026-11-21T12:0${id}:00Z`,
})

const page = (items: Message[]) =>
  Response.json({
    success: true,
    data: items,
    pagination: { page: 1, limit: 50, total: items.length, totalPages: 1 },
  })

let messages: Message[]
let reads: unknown[]

/** `send` stands for the host's answers to messages, one after the other. */
async function open(send: Array<(sent: Sent) => Response | Error> = [], more: Partial<Loan> = {}) {
  const host = fakeHost({
    [`GET ${LOAN}/timeline`]: () =>
      success([
        { type: 'borrow.created', at: loan.requestedAt, actor: { id: 'finn', name: 'Finn' }, data: { days: 14 } },
      ]),
    [`GET ${LOAN}/messages`]: () => page(messages),
    [`POST ${LOAN}/messages/read`]: ({ body }) => {
      reads.push(body)
      return success({ count: 1 })
    },
    [SEND]: (sent) => (send.shift() ?? taken)(sent),
  })
  const shown = await renderPage(<Conversation loan={{ ...loan, ...more }} part="owner" />, {
    words: ['loans', 'people'],
  })
  await screen.findByText(/asked for it/)
  return {
    host,
    ...shown,
    sent: () => host.sent.filter(({ method, path }) => method === 'POST' && path === `${LOAN}/messages`),
  }
}

function taken({ body }: Sent) {
  const { text } = body as { text: string }
  messages = [...messages, message(String(messages.length + 1), text, 'ada')]
  return success(messages.at(-1), 201)
}

const field = () => screen.getByRole('textbox', { name: 'Message to Finn' })
const keysOf = (sent: Sent[]) => sent.map(({ headers }) => headers.get('idempotency-key'))

beforeAll(() => session.start())
beforeEach(() => {
  messages = []
  reads = []
  vi.stubGlobal('matchMedia', () => ({ matches: true }))
  Element.prototype.scrollIntoView = () => {}
  session.signedIn(signedIn('token'))
})
afterEach(() => {
  cleanup()
  session.ended()
})

describe('a conversation', () => {
  it('sends with Enter, begins a line with Shift+Enter, and keeps the focus in the field', async () => {
    const { sent } = await open()
    await userEvent.type(field(), 'At six?{Shift>}{Enter}{/Shift}At the bakery{Enter}')
    await screen.findByText('Sent')
    expect(sent().map(({ body }) => body)).toEqual([{ text: 'At six?\nAt the bakery' }])
    expect(document.activeElement).toBe(field())
    expect((field() as HTMLTextAreaElement).value).toBe('')
  })

  it('shows what is sent at once, and tries again under the same key when the line was cut', async () => {
    const cut = () => lineDown()
    const { sent } = await open([cut, cut, cut])
    await userEvent.type(field(), 'Hello{Enter}')
    expect(screen.getByText('Hello')).toBeTruthy()
    await userEvent.click(await screen.findByRole('button', { name: 'Try again' }, { timeout: 10_000 }))
    await screen.findByText('Sent')
    expect(sent().length).toBeGreaterThan(1)
    expect(new Set(keysOf(sent())).size).toBe(1)
    expect(screen.getAllByText('Hello')).toHaveLength(1)
  })

  it('keeps the order, and what fails holds up nothing', async () => {
    const { sent } = await open([() => refusal(409, 'TOO_MANY_MESSAGES')])
    await userEvent.type(field(), 'one{Enter}two{Enter}')
    await screen.findByText(/You have written as many messages/)
    await screen.findByText('Sent')
    expect(sent().map(({ body }) => body)).toEqual([{ text: 'one' }, { text: 'two' }])
    // Two messages, two keys.
    expect(new Set(keysOf(sent())).size).toBe(2)
    await userEvent.click(screen.getByRole('button', { name: 'Change it' }))
    expect((field() as HTMLTextAreaElement).value).toBe('one')
    expect(screen.queryByRole('button', { name: 'Try again' })).toBeNull()
  })

  it('sends nothing that is blank or too long', async () => {
    const { sent } = await open()
    await userEvent.type(field(), '   {Enter}')
    await userEvent.clear(field())
    field().focus()
    await userEvent.paste('x'.repeat(2001))
    await screen.findByText('1 character too long.')
    await userEvent.keyboard('{Enter}')
    await userEvent.click(screen.getByRole('button', { name: 'Send' }))
    expect(sent()).toEqual([])
  })

  it('marks what is new, tells the host how far it was read, and says aloud what comes', async () => {
    messages = [message('1', 'Hello', 'finn'), message('2', 'Are you there?', 'finn')]
    const { queries } = await open([], { unreadMessages: 1 })
    const thread = screen.getByRole('list', { name: 'Messages and steps' })
    expect([...thread.children].map((line) => line.textContent)).toEqual([
      expect.stringContaining('asked for it'),
      expect.stringContaining('Hello'),
      'New',
      expect.stringContaining('Are you there?'),
    ])
    await waitFor(() => expect(reads).toEqual([{ upTo: '2' }]))
    messages = [...messages, message('3', 'I am at the bakery', 'finn')]
    await queries.invalidateQueries()
    await screen.findByText('Finn writes: I am at the bakery')
  })

  it('leaves no field where nothing can be written', async () => {
    await open([], { status: 'rejected', closedAt: new Date().toISOString() })
    expect(screen.queryByRole('textbox')).toBeNull()
    expect(screen.getByText(/nothing more can be written/)).toBeTruthy()
  })
})
