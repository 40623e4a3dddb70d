import { describe, expect, it } from 'vitest'
import { isolated } from './isolate'
import { i18n, startI18n } from './i18n'

describe('a text within a sentence', () => {
  it('stands alone where it is written from right to left', () => {
    expect(isolated('محمود درويش')).toBe('\u2068محمود درويش\u2069')
    expect(isolated('עמוס עוז')).toBe('\u2068עמוס עוז\u2069')
  })

  it('is left as it is where nothing turns', () => {
    for (const name of ['Ada', 'Zoë', 'Ευριπίδης', '村上春樹', '🦊']) expect(isolated(name)).toBe(name)
  })

  it('cannot turn what follows it by control characters', () => {
    expect(isolated('Ada\u202etxet')).toBe('\u2068Adatxet\u2069')
    expect(isolated('Ada\u2069\u202e')).toBe('\u2068Ada\u2069')
  })

  it('stands alone in every translated sentence', async () => {
    await startI18n('en')
    expect(i18n.t('account.menu', { name: 'עמוס' })).toContain('\u2068עמוס\u2069')
    expect(i18n.t('account.menu', { name: 'Ada & Co. <b>' })).toContain('Ada & Co. <b>')
  })
})
