import { describe, expect, it } from 'vitest'
import english from './locales/en.json'
import type { Loan } from './loan'
import { decisionOf, sayingsOf, variantOf, wordsOf, worthTelling, type Happening } from './happening'

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

describe('what was said and decided', () => {
  const MIA = { id: 'mia', name: 'Mia' }

  const loan = (of: Partial<Loan>) => of as Loan
  const finding = { kind: 'finding', by: MIA, words: 'Neither has it.' }
  const resolved = happening('resolved', { outcome: 'lost', note: finding.words }, MIA)

  it('is signed by who said it', () => {
    const damaged = loan({ status: 'returned', condition: 'damaged', note: 'The back is torn.' })
    expect(sayingsOf(damaged, [happening('created', {}, FINN), happening('returned')])).toEqual([
      { kind: 'damage', by: OLGA, words: 'The back is torn.' },
    ])
    const lost = loan({ status: 'lost', note: 'On the train.' })
    expect(sayingsOf(lost, [happening('lost', {}, FINN), resolved])).toEqual([
      { kind: 'loss', by: FINN, words: 'On the train.' },
      finding,
    ])
  })

  it('is told once where the note of the loan is the finding', () => {
    const settled = loan({ status: 'lost', note: finding.words })
    expect(sayingsOf(settled, [happening('disputed'), resolved])).toEqual([finding])
    expect(sayingsOf(loan({ status: 'returned', note: null }), [happening('returned')])).toEqual([])
  })

  it('is the last decision, where there were several', () => {
    const first = happening('resolved', { outcome: 'active', note: 'It is at home.' })
    const last = happening('resolved', { outcome: 'lost', note: 'It is gone.' }, MIA)
    expect(decisionOf([first, last])).toMatchObject({ outcome: 'lost', by: MIA })
    expect(decisionOf([happening('returned', {})])).toBeUndefined()
  })
})
