import { describe, expect, it } from 'vitest'
import { inOrder, waitingForMe } from './in-order'
import type { Loan } from './loan'

function loan(id: string, day: number, more: Partial<Loan> & { of?: string } = {}): Loan {
  const { of = id, ...rest } = more
  return {
    id,
    status: 'pending',
    book: { id: of, title: of, authors: [] },
    owner: { id: 'olga', name: 'Olga' },
    borrower: { id: `asker of ${id}`, name: id },
    requestedAt: `2026-11-${String(day).padStart(2, '0')}T10:00:00Z`,
    days: 21,
    extensions: 0,
    overdue: false,
    version: 1,
    ...rest,
  } as Loan
}

const ids = (groups: ReturnType<typeof inOrder>) => groups.map((group) => group.map(({ id }) => id))

describe('loans in order', () => {
  it('keep the requests for one book together, the oldest first', () => {
    const third = loan('third', 9, { of: 'Emma', status: 'queued' })
    const first = loan('first', 2, { of: 'Emma' })
    const second = loan('second', 5, { of: 'Emma', status: 'queued' })
    const other = loan('other', 3, { of: 'Maurice' })
    expect(ids(inOrder([third, other, first, second]))).toEqual([['first', 'second', 'third'], ['other']])
  })

  it('begin with what is due first', () => {
    const asked = loan('asked', 1)
    const late = loan('late', 2, { status: 'active', dueAt: '2026-11-20T10:00:00Z' })
    const fetched = loan('fetched', 3, { status: 'approved', pickupBy: '2026-11-12T10:00:00Z' })
    expect(ids(inOrder([asked, late, fetched]))).toEqual([['fetched'], ['late'], ['asked']])
  })

  it('show with a request that waits for me who stands in line behind it, without counting them', () => {
    const loans = [
      loan('asks', 1, { of: 'Emma' }),
      loan('behind', 2, { of: 'Emma', status: 'queued' }),
      loan('elsewhere', 3, { of: 'Maurice', status: 'queued' }),
      loan('mine', 4, { of: 'Emma', status: 'queued', owner: { id: 'finn', name: 'Finn' } }),
    ]
    const waiting = waitingForMe(loans, 'olga')
    expect(waiting.loans.map(({ id }) => id)).toEqual(['asks', 'behind'])
    expect(waiting.count).toBe(1)
  })
})
