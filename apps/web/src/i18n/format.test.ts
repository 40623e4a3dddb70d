import { describe, expect, it } from 'vitest'
import { daysFromToday, formats } from './format'

const now = new Date(2026, 10, 21, 23, 30)
const at = (day: number, hour = 12) => new Date(2026, 10, day, hour)

describe('days', () => {
  it('are counted by the calendar, not by 24 hours', () => {
    expect(daysFromToday(at(22, 0), now)).toBe(1)
    expect(daysFromToday(at(21, 0), now)).toBe(0)
    expect(daysFromToday(at(19, 23), now)).toBe(-2)
  })

  it('are those of the community, wherever the reader is', () => {
    // The last second of a day in Tokyo, which is the afternoon of that day in Europe and the morning in New York.
    const due = '2026-11-24T14:59:59Z'
    const evening = new Date('2026-11-21T16:30:00Z')
    expect(daysFromToday(due, evening, 'Asia/Tokyo')).toBe(2)
    expect(daysFromToday(due, evening, 'America/New_York')).toBe(3)
    expect(formats('en', 'Pacific/Auckland').day(due)).toBe('November 25, 2026')
    expect(formats('en', 'Asia/Tokyo').day(due)).toBe('November 24, 2026')
    expect(formats('en', 'Asia/Tokyo').relativeDay(due, evening)).toBe('in 2 days')
  })

  it('are said in the words of each language', () => {
    expect(formats('en').relativeDay(at(24), now)).toBe('in 3 days')
    expect(formats('en').relativeDay(at(22), now)).toBe('tomorrow')
    expect(formats('fr').relativeDay(at(24), now)).toBe('dans 3 jours')
  })
})

describe('how long ago something was', () => {
  it('is said in the unit that fits, then as a date', () => {
    const { ago } = formats('en')
    expect(ago(new Date(now.getTime() - 20_000), now)).toBe('now')
    expect(ago(new Date(now.getTime() - 5 * 60_000), now)).toBe('5 minutes ago')
    expect(ago(new Date(now.getTime() - 3 * 3_600_000), now)).toBe('3 hours ago')
    expect(ago(at(20, 1), now)).toBe('yesterday')
    expect(ago(at(1), now)).toBe('November 1, 2026')
  })
})

it('names and lists follow the language', () => {
  expect(formats('fr').list(['Ada', 'Grace', 'Linus'])).toBe('Ada, Grace et Linus')
  expect(formats('en').languageName('fr')).toBe('French')
  expect(formats('en').languageName('français (Québec)')).toBe('français (Québec)')
  expect(formats('fr').number(12_345.5)).toBe('12\u202f345,5')
  expect([0, 7, 999, 1000, 0.5, -3].map(formats('en').number)).toEqual(['0', '7', '999', '1,000', '0.5', '-3'])
})
