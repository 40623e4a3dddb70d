import { describe, expect, it } from 'vitest'
import english from './locales/en.json'
import { variantOf, wordsOf, worthTelling, type Happening } from './happening'

const OLGA = { id: 'olga', name: 'Olga' }
const FINN = { id: 'finn', name: 'Finn' }

const happening = (type: string, data: object = {}, actor: Happening['actor'] = OLGA): Happening => ({
  type: `borrow.${type}`,
  at: '2026-11-21T12:00:00Z',
  actor,
  data: data as Happening['data'],
})

describe('what happened', () => {
  it.each<[Happening, string]>([
    [happening('handed_over', { dueAt: '2026-12-01T00:00:00Z' }), 'handed_over'],
    [happening('handed_over', { dueAt: '2026-12-01T00:00:00Z' }, FINN), 'picked_up'],
    [happening('handed_over', { dueAt: null }), 'given'],
    [happening('extended', {}, FINN), 'extended_at_once'],
    [happening('returned', { condition: 'damaged' }), 'returned_damaged'],
    [happening('expired', { held: true }, null), 'not_picked_up'],
    [happening('resolved', { outcome: 'active' }), 'resolved_active'],
  ])('is told by who did it and how: %#', (one, variant) => {
    expect(variantOf(one, FINN.id)).toBe(variant)
    expect(english.happened).toHaveProperty(variant)
  })

  it('quotes people, never the host', () => {
    expect(wordsOf(happening('cancelled', { reason: 'I found another copy.' }))).toBe('I found another copy.')
    expect(wordsOf(happening('cancelled', { reason: 'A member has left.' }, null))).toBeUndefined()
  })

  it('tells a hand-over for good once', () => {
    const given = [happening('handed_over', { dueAt: null }), happening('returned', { condition: 'ok' })]
    expect(worthTelling(given)).toEqual([given[0]])
    const lent = [happening('handed_over', { dueAt: '2026-12-01T00:00:00Z' }), happening('returned')]
    expect(worthTelling(lent)).toEqual(lent)
  })
})
