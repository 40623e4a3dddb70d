import { describe, expect, it } from 'vitest'
import { emptyBook } from './book-form'
import { badRows } from './row-repair'

const message = 'is wrong'

describe('rows that were not taken', () => {
  it('come once each, with all that is wrong with them and what they said', () => {
    const values = { authors: ['Ann', ''], publishedYear: '99999', lending: 'give' }
    const rows = badRows([
      { row: 7, field: 'title', message, values },
      { row: 7, field: 'authors[1]', message, values },
      { row: 7, field: 'publishedYear', message, values },
      { row: 9, field: 'row', message, values: { title: 'Emma' } },
    ])
    expect(rows).toEqual([
      {
        row: 7,
        wrong: ['title', 'authors', 'publishedYear'],
        values: { ...emptyBook, authors: [{ name: 'Ann' }, { name: '' }], publishedYear: '99999', lending: 'give' },
      },
      { row: 9, wrong: [], values: { ...emptyBook, title: 'Emma' } },
    ])
  })

  it('leave a choice open where they said a word that is none', () => {
    const values = { condition: 'mint', lending: 'sell' }
    const [row] = badRows([{ row: 2, field: 'condition', message, values }])
    expect(row?.values).toMatchObject({ condition: '', lending: '' })
  })
})
