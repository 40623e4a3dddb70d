import { describe, expect, it } from 'vitest'
import type { Happening } from '../happening'
import type { Loan, LoanStatus } from '../loan'
import { accessOf, firstUnread, inOneThread, lengthOf, looksForReader, type Message } from './talk'

const NOW = new Date('2026-11-27T12:00:00Z')
const ago = (days: number) => new Date(NOW.getTime() - days * 86_400_000).toISOString()
const at = (minute: number) => `2026-11-21T12:${String(minute).padStart(2, '0')}:00Z`

function loan(status: LoanStatus, more: Partial<Loan> = {}): Loan {
  return {
    id: 'loan',
    book: { id: 'book', title: 'Emma', authors: ['Jane Austen'] },
    borrower: { id: 'finn', name: 'Finn' },
    owner: { id: 'olga', name: 'Olga' },
    status,
    overdue: false,
    days: 14,
    requestedAt: at(0),
    extensions: 0,
    unreadMessages: 0,
    version: 1,
    ...more,
  }
}

const message = (id: string, minute: number, author = 'finn'): Message => ({
  id,
  author: { id: author, name: author },
  text: id,
  sentAt: at(minute),
})

const step = (type: string, minute: number, data = {}): Happening => ({
  type: `borrow.${type}`,
  at: at(minute),
  actor: { id: 'finn', name: 'Finn' },
  data,
})

describe('who may write', () => {
  it('is both, while there is something to say', () => {
    for (const status of ['pending', 'queued', 'approved', 'active', 'return_pending', 'disputed'] as const)
      for (const part of ['owner', 'borrower'] as const) expect(accessOf(loan(status), part, NOW)).toBe('open')
    expect(accessOf(loan('rejected', { closedAt: ago(1) }), 'owner', NOW)).toBe('closed')
    const returned = (days: number) => loan('returned', { handedOverAt: ago(days + 9), closedAt: ago(days) })
    expect(accessOf(returned(89), 'borrower', NOW)).toBe('open')
    expect(accessOf(returned(90), 'borrower', NOW)).toBe('over')
  })

  it('is a moderator where the host says so', () => {
    expect(accessOf(loan('active'), 'moderator', NOW)).toBe('none')
    expect(accessOf(loan('active', { hasModerators: true }), 'moderator', NOW)).toBe('open')
  })

  it('is nobody where the other one has left', () => {
    const alone = loan('returned', {
      handedOverAt: ago(9),
      closedAt: ago(1),
      borrower: { id: 'finn', name: '', left: true },
    })
    expect(accessOf(alone, 'owner', NOW)).toBe('left')
  })
})

describe('the thread', () => {
  const told = (entries: ReturnType<typeof inOneThread>) =>
    entries.map((entry) =>
      entry.kind === 'step'
        ? [entry.happening.type.slice(7), entry.words].filter(Boolean).join(': ')
        : `${entry.first ? `${entry.message.author.id} ` : ''}${entry.message.id}`,
    )

  it('has steps and messages as they came, and a name where somebody begins', () => {
    const steps = [step('created', 0), step('approved', 4)]
    const messages = [message('one', 1), message('two', 2), message('three', 3, 'olga'), message('four', 5, 'olga')]
    expect(told(inOneThread(steps, messages, loan('approved', { message: 'Please!' }), false))).toEqual([
      'created: Please!',
      'finn one',
      'two',
      'olga three',
      'approved',
      'olga four',
    ])
  })

  it('has no step that is older than what was fetched', () => {
    const steps = [step('created', 0), step('approved', 4)]
    expect(told(inOneThread(steps, [message('late', 3)], loan('approved'), true))).toEqual(['finn late', 'approved'])
  })

  it('has what was noted at the step that it belongs to', () => {
    const steps = [step('disputed', 1), step('resolved', 2, { outcome: 'active' }), step('returned', 3)]
    const noted = (more: Partial<Loan>, last: number) =>
      told(inOneThread(steps.slice(0, last), [], loan('returned', more), false))
    const resolution = { outcome: 'active', note: 'It is with Finn.', at: at(2) } as const
    expect(noted({ note: 'As new.', resolution }, 3)).toEqual([
      'disputed',
      'resolved: It is with Finn.',
      'returned: As new.',
    ])
    expect(noted({ note: 'It is gone.' }, 2)).toEqual(['disputed: It is gone.', 'resolved'])
  })
})

describe('what is new', () => {
  it('begins with the first of so many messages of others', () => {
    const messages = [message('one', 1), message('mine', 2, 'olga'), message('two', 3), message('three', 4)]
    expect(firstUnread(messages, 2, 'olga')).toBe('two')
    expect(firstUnread(messages, 0, 'olga')).toBeUndefined()
    expect(firstUnread(messages, 9, 'olga')).toBe('one')
  })
})

it('counts characters as the host does', () => {
  expect(lengthOf('  äö👩‍🚀  ')).toBe(5)
})

describe('whether one’s last message has been read', () => {
  const sent = Date.parse(at(0))
  const own = (more: Partial<Message> = {}) => [message('theirs', 0), { ...message('own', 0, 'olga'), ...more }]

  it('is looked up as long as it has not, soon at first', () => {
    expect(looksForReader(own(), 'olga', sent + 1_000)).toBe(5_000)
    expect(looksForReader(own(), 'olga', sent + 600_000)).toBe(30_000)
  })

  it('is not looked up where there is nothing to learn', () => {
    expect(looksForReader(own({ readAt: at(1) }), 'olga', sent)).toBe(false)
    expect(looksForReader([message('theirs', 0)], 'olga', sent)).toBe(false)
    expect(looksForReader([], 'olga', sent)).toBe(false)
    // Whoever read the last one has read those before it.
    const last = { ...message('last', 2, 'olga'), readAt: at(3) }
    expect(looksForReader([...own(), last], 'olga', sent)).toBe(false)
  })
})
