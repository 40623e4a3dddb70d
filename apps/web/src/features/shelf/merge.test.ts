import { describe, expect, it } from 'vitest'
import { emptyBook, type BookValues } from './book-form'
import { changedMeanwhile, withTheirs } from './merge'

const opened: BookValues = { ...emptyBook, title: 'Emma', authors: [{ name: 'Jane Austen' }], isbn: '9780439023481' }

describe('a book that somebody else changed meanwhile', () => {
  it('differs where they changed it, and says whether it was changed here too', () => {
    const mine = { ...opened, title: 'Emma, a Novel', notes: 'signed' }
    const now = { ...opened, title: 'EMMA', publishedYear: '1815' }
    expect(changedMeanwhile(opened, mine, now)).toEqual([
      { field: 'title', mineChanged: true },
      { field: 'publishedYear', mineChanged: false },
    ])
  })

  it('does not differ where both did the same, or wrote it in another way', () => {
    const mine = { ...opened, title: ' Emma II ', isbn: '0-439-02348-3' }
    expect(changedMeanwhile(opened, mine, { ...opened, title: 'Emma II' })).toEqual([])
    expect(changedMeanwhile({ ...opened, isbn: '' }, mine, { ...opened, title: 'Emma II' })).toEqual([])
  })

  it('keeps from each what was chosen', () => {
    const mine = { ...opened, title: 'Emma, a Novel', notes: 'signed' }
    const now = { ...opened, title: 'EMMA', publishedYear: '1815' }
    expect(withTheirs(mine, now, ['publishedYear'])).toEqual({ ...mine, publishedYear: '1815' })
  })
})
