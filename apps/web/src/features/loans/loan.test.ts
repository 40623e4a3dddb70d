import { describe, expect, it } from 'vitest'
import { actionsOf, needs, stepsOf, type Action, type Loan, type LoanStatus, type Part } from './loan'

const NOW = new Date('2026-11-21T12:00:00Z')
const PAST = '2026-11-20T23:59:59Z'
const AHEAD = '2026-11-30T23:59:59Z'

function loan(status: LoanStatus, more: Partial<Loan> = {}): Loan {
  return {
    id: 'loan',
    book: { id: 'book', title: 'Emma', authors: ['Jane Austen'] },
    borrower: { id: 'finn', name: 'Finn' },
    owner: { id: 'olga', name: 'Olga' },
    status,
    overdue: false,
    days: 14,
    requestedAt: '2026-11-01T12:00:00Z',
    extensions: 0,
    version: 1,
    ...more,
  }
}

/** Everything that the host does for each of the two in each state (crates/borrowing/src/domain). */
const allowed: Record<LoanStatus, Record<Part, Action[]>> = {
  pending: { owner: ['approve', 'reject'], borrower: ['cancel'], moderator: [] },
  queued: { owner: [], borrower: ['cancel'], moderator: [] },
  approved: { owner: ['handOver', 'cancel'], borrower: ['enterCode', 'cancel'], moderator: [] },
  active: {
    owner: ['confirmReturn', 'reportLost'],
    borrower: ['declareReturn', 'requestExtension', 'reportLost'],
    moderator: [],
  },
  return_pending: { owner: ['confirmReturn', 'notReceived'], borrower: [], moderator: [] },
  disputed: { owner: [], borrower: [], moderator: ['resolve'] },
  returned: { owner: [], borrower: [], moderator: [] },
  rejected: { owner: [], borrower: [], moderator: [] },
  cancelled: { owner: [], borrower: [], moderator: [] },
  expired: { owner: [], borrower: [], moderator: [] },
  lost: { owner: [], borrower: [], moderator: [] },
}

const offered = (loan: Loan, part: Part): Action[] => {
  const { main, beside, more } = actionsOf(loan, part, NOW)
  return [main, beside, ...more].filter((action) => action !== undefined)
}

describe('what one can do with a loan', () => {
  const rows = Object.entries(allowed).flatMap(([status, parts]) =>
    Object.entries(parts).map(([part, actions]) => [status, part, actions] as [LoanStatus, Part, Action[]]),
  )

  it.each(rows)('%s, %s: %j', (status, part, actions) => {
    expect(offered(loan(status, { dueAt: AHEAD }), part)).toEqual(actions)
  })

  it('is to answer, while more days are asked for', () => {
    const asked = loan('active', { dueAt: AHEAD, extensionRequested: 7 })
    expect(offered(asked, 'owner')).toEqual(['grantExtension', 'refuseExtension', 'confirmReturn', 'reportLost'])
    expect(offered(asked, 'borrower')).toEqual(['declareReturn', 'reportLost'])
  })

  it('presses the owner to take a book back only when it is late', () => {
    expect(actionsOf(loan('active', { dueAt: AHEAD }), 'owner', NOW).main).toBeUndefined()
    expect(actionsOf(loan('active', { dueAt: PAST }), 'owner', NOW).main).toBe('confirmReturn')
  })
})

describe('a loan needs', () => {
  it.each<[string, Loan, Part[]]>([
    ['the owner to answer', loan('pending'), ['owner']],
    ['nobody while it waits in line', loan('queued'), []],
    ['both to meet', loan('approved'), ['owner', 'borrower']],
    ['nobody while it is out', loan('active', { dueAt: AHEAD }), []],
    ['both when it is late', loan('active', { dueAt: PAST }), ['owner', 'borrower']],
    ['the owner to answer more days', loan('active', { dueAt: AHEAD, extensionRequested: 7 }), ['owner']],
    ['the owner to confirm', loan('return_pending', { dueAt: PAST }), ['owner']],
    ['a moderator', loan('disputed'), ['moderator']],
    ['nobody when it is over', loan('returned', { dueAt: PAST }), []],
  ])('%s', (_what, loan, parts) => {
    const pressed = (['owner', 'borrower', 'moderator'] as const).filter((part) => needs(loan, part, NOW))
    expect(pressed).toEqual(parts)
  })
})

describe('the way of a loan', () => {
  const way = (loan: Loan, gives = false) => stepsOf(loan, gives).map(({ name, state }) => `${name} ${state}`)

  it('waits at the first step that is not done', () => {
    expect(way(loan('pending'))).toEqual(['asked done', 'agreed now', 'handedOver ahead', 'back ahead'])
    expect(way(loan('active', { approvedAt: PAST, handedOverAt: PAST }))).toEqual([
      'asked done',
      'agreed done',
      'handedOver done',
      'back now',
    ])
  })

  it('does not lead back where the book is given away', () => {
    expect(way(loan('approved', { approvedAt: PAST }), true)).toEqual(['asked done', 'agreed done', 'handedOver now'])
  })

  it('ends where it was broken off', () => {
    expect(way(loan('cancelled', { approvedAt: PAST, closedAt: PAST }))).toEqual([
      'asked done',
      'agreed done',
      'cancelled ended',
    ])
    expect(way(loan('lost', { approvedAt: PAST, handedOverAt: PAST, closedAt: PAST })).at(-1)).toBe('lost ended')
  })
})
