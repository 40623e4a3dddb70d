import { expect, it } from 'vitest'
import { sentence } from '@/i18n/sentence'
import { namedWith } from './former'

const gone = { id: 'olga', name: '', left: true }
const finn = { id: 'finn', name: 'Finn' }
const loan = {
  id: 'loan',
  book: { id: 'book', title: 'Emma', authors: ['Jane Austen'] },
  borrower: finn,
  owner: gone,
  status: 'lost',
  overdue: false,
  days: 14,
  requestedAt: '2026-11-01T12:00:00Z',
  extensions: 0,
  version: 1,
} as const

it('puts words in the place of a name that is gone, wherever a loan names somebody', () => {
  const { loan: named, happening } = namedWith('un ancien membre')
  const full = {
    ...loan,
    book: { ...loan.book, authors: [...loan.book.authors] },
    noteBy: gone,
    resolution: { outcome: 'lost' as const, at: loan.requestedAt, by: gone },
  }
  const { owner, borrower, noteBy, resolution } = named(full)
  expect([owner, noteBy, resolution?.by].map((one) => one?.name)).toEqual(Array(3).fill('un ancien membre'))
  expect(borrower).toBe(finn)
  const told = happening({ type: 'borrow.lost', at: loan.requestedAt, actor: gone, data: {} })
  expect(told.actor?.name).toBe('un ancien membre')
})

it('begins a sentence with a capital letter and leaves names as they are', () => {
  expect(sentence('a former member declined.', 'a former member')).toBe('A former member declined.')
  expect(sentence('ada declined.', 'a former member')).toBe('ada declined.')
  expect(sentence('Lent to a former member', 'a former member')).toBe('Lent to a former member')
})
