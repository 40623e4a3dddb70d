import { expect, it } from 'vitest'
import { offeredTags, sameTag } from './tags'

it.each([
  ['novel', 'Novel'],
  ['Theatre', 'Théâtre'],
  ['  Science   fiction ', 'science fiction'],
  ['ŁÓDŹ', 'lodz'],
  ['Strasse', 'Straße'],
  ['ışık', 'ISIK'],
  ['Ｍａｎｇａ', 'manga'],
])('%j and %j are one category', (one, other) => {
  expect(sameTag(one, other)).toBe(true)
})

it.each([
  ['C', 'C++'],
  ['Art', 'Arts'],
])('%j and %j are two categories', (one, other) => {
  expect(sameTag(one, other)).toBe(false)
})

const used = ['Cartography', 'Martial arts', 'Art history', 'Art', 'Théâtre', '历史小说']

it('offers the same word first, then what begins with it, then words inside', () => {
  expect(offeredTags(used, [], 'art')).toEqual(['Art', 'Art history', 'Martial arts'])
})

it('finds words without their accents, and inside of scripts without spaces', () => {
  expect(offeredTags(used, [], 'thea')).toEqual(['Théâtre'])
  expect(offeredTags(used, [], '小说')).toEqual(['历史小说'])
})

it('offers nothing that is chosen already', () => {
  expect(offeredTags(used, ['ART'], 'art')).toEqual(['Art history', 'Martial arts'])
  expect(offeredTags(used, used, '')).toEqual([])
})
