import { describe, expect, it } from 'vitest'
import { readIsbn } from './isbn'

describe('an ISBN', () => {
  it.each([
    '0439023483',
    '0-439-02348-3',
    '0 439 02348 3',
    '439023483',
    '9780439023481',
    '978-0-439-02348-1',
    '978\u20110\u2011439\u201102348\u20111',
    '="0439023483"',
    '[0439023483]',
    'ISBN 0439023483',
    'ISBN-13: 978-0439023481',
    'isbn-10: 0439023483',
    '9780439023481.0',
  ])('is the same number written as %s', (text) => {
    expect(readIsbn(text)).toEqual({ isbn: '9780439023481' })
  })

  it('may end with an X where it has ten digits', () => {
    expect(readIsbn('0-8044-2957-x')).toEqual({ isbn: '9780804429573' })
    expect(readIsbn('978080442957X')).toEqual({ fault: 'characters' })
  })

  it.each([
    ['979-10-90636-07-1', { isbn: '9791090636071' }],
    ['9790260000438', { fault: 'prefix' }],
    ['4006381333931', { fault: 'prefix' }],
    ['0439023484', { fault: 'checkDigit' }],
    ['9780439023482', { fault: 'checkDigit' }],
    ['97804390234812', { fault: 'length' }],
    ['', { fault: 'length' }],
    ['B00KXYZ12A', { fault: 'characters' }],
    ['9.78043902348E+12', { fault: 'rounded' }],
  ])('is told from %s', (text, outcome) => {
    expect(readIsbn(text)).toEqual(outcome)
  })
})
