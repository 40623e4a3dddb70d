import { beforeAll, describe, expect, it } from 'vitest'
import { mayBeAskedFor, type Standing, standingOf } from '@/features/catalogue'
import { formats } from '@/i18n/format'
import { i18n, startI18n } from '@/i18n/i18n'
import { outlookText } from './outlook'
import type { Availability } from './queries'

const DAY = 86_400_000
const inDays = (days: number) => new Date(Date.now() + days * DAY).toISOString()

function told(standing: Standing, now: Partial<Availability>, own = false): string {
  const availability = { bookId: 'b', status: 'available', available: true, waiting: 0, ...now } as Availability
  const seen = { standing, owner: 'Grace', own, now: availability }
  return outlookText(i18n.getFixedT('en', 'book'), formats('en'), seen).join(' ')
}

beforeAll(() => startI18n('en'))

describe('what is said of a book', () => {
  it('counts those who wait before one', () => {
    expect(told('on_loan', { waiting: 0 })).toMatch(/you would be next/)
    expect(told('on_loan', { waiting: 1 })).toMatch(/you would be second/)
    expect(told('on_loan', { waiting: 4 })).toMatch(/4 people are waiting: you would be number 5/)
  })

  it('says when it is expected back, and when it should have been', () => {
    expect(told('on_loan', { dueAt: inDays(3) })).toMatch(/Expected back in 3 days/)
    expect(told('on_loan', { dueAt: inDays(-3) })).toMatch(/It was expected back on/)
    expect(told('on_loan', { dueAt: null })).toMatch(/not known yet/)
  })

  it('speaks of one’s own request before anything else', () => {
    const mine = { borrowId: 'x', status: 'queued', queuePosition: 2 } as const
    expect(told('on_loan', { waiting: 3, dueAt: inDays(3), mine })).toBe(
      'You are waiting for it, number 2 in the queue.',
    )
  })

  it('tells its owner who waits, not to queue', () => {
    const text = told('on_loan', { waiting: 2, dueAt: inDays(3) }, true)
    expect(text).toMatch(/2 requests are waiting/)
    expect(text).not.toMatch(/you would be/)
  })
})

it('gives away only what is there to be given', () => {
  expect(standingOf({ lending: 'give', status: 'available' })).toBe('give')
  expect(standingOf({ lending: 'give', status: 'on_loan' })).toBe('on_loan')
  expect(
    ['available', 'give', 'reserved', 'on_loan', 'lost', 'withdrawn'].filter((s) => mayBeAskedFor(s as Standing)),
  ).toEqual(['available', 'give', 'reserved', 'on_loan'])
})
