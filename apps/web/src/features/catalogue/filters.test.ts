import { describe, expect, it } from 'vitest'
import { filtersOf, isAtLeast, parametersOf, searchOf } from './filters'

const OWNER = '01a0c93e-852d-7e94-95a1-24f74adc0bd8'

describe('filters in the address', () => {
  it('come back as they were', () => {
    const filters = {
      q: 'les misérables & more',
      category: 'Science fiction',
      language: 'pt-BR',
      available: true,
      owner: OWNER,
      sort: 'year',
    } as const
    expect(filtersOf(searchOf(filters))).toEqual(filters)
  })

  it('leave no trace when there are none', () => {
    expect(searchOf({ q: undefined, category: '' })).toBe('')
    expect(filtersOf('')).toEqual({})
  })

  it('leave out what somebody wrote by hand and nobody can mean', () => {
    expect(filtersOf('?q=%20%00%20&language=!!&available=maybe&owner=me&sort=price&page=7')).toEqual({})
  })

  it('cut a search to what the host takes', () => {
    expect(filtersOf(`?q=${'a'.repeat(300)}`).q).toHaveLength(200)
  })
})

it('asks for the newest by name, for what fits best by no name', () => {
  expect(parametersOf({ q: 'emma' })).toEqual({ q: 'emma' })
  expect(parametersOf({ q: 'emma', sort: 'newest' })).toEqual({ q: 'emma', sort: 'createdAt', order: 'desc' })
  expect(parametersOf({ sort: 'title', available: true })).toEqual({ available: true, sort: 'title', order: 'asc' })
})

it('knows from which number on the host has stopped counting', () => {
  expect(isAtLeast(199, { q: 'a' })).toBe(false)
  expect(isAtLeast(200, { q: 'a' })).toBe(true)
  expect(isAtLeast(1000, { category: 'Novel' })).toBe(false)
  expect(isAtLeast(1000, { category: 'Novel', available: true })).toBe(true)
})
