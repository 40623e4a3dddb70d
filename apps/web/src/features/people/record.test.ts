import { beforeAll, describe, expect, it } from 'vitest'
import { formats } from '@/i18n/format'
import { i18n, startI18n } from '@/i18n/i18n'
import { recordOf } from './record'

const none = { books: 0, borrowed: 0, lent: 0, cameBack: 0, out: 0, given: 0 }

beforeAll(async () => {
  await startI18n('en')
  await i18n.loadNamespaces('people')
})

function record(language: 'en' | 'fr', counts: Partial<typeof none>): string[] {
  return recordOf({ ...none, ...counts }, i18n.getFixedT(language, 'people'), formats(language))
}

describe('the record of a member', () => {
  it.each([
    [{}, ['Has not lent a book yet.']],
    [{ lent: 12, cameBack: 12 }, ['Lent 12, all came back.']],
    [{ lent: 1, cameBack: 1 }, ['Lent 1, and it came back.']],
    [{ lent: 12, cameBack: 9, out: 2 }, ['Lent 12: 9 came back, 2 are out, and 1 was lost.']],
    [{ lent: 1, out: 1 }, ['Lent 1: 1 is out.']],
    [{ given: 1, borrowed: 3 }, ['Has not lent a book yet.', 'Gave 1 book away.', 'Borrowed 3 books.']],
  ])('%j reads %j', (counts, sentences) => expect(record('en', counts)).toEqual(sentences))

  it('is told in French', async () => {
    await i18n.changeLanguage('fr')
    await i18n.loadNamespaces('people')
    expect(record('fr', { lent: 12, cameBack: 12 })).toEqual(['12 livres prêtés, tous sont revenus.'])
    expect(record('fr', { lent: 3, cameBack: 1, out: 2 })).toEqual([
      '3 livres prêtés\u00a0: 1 est revenu et 2 sont dehors.',
    ])
  })
})
