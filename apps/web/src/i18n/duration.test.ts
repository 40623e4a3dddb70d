import { describe, expect, it } from 'vitest'
import { duration } from './duration'

describe('a duration in words', () => {
  it.each([
    [0, '0 seconds'],
    [0.2, '1 second'],
    [119, '119 seconds'],
    [120, '2 minutes'],
    [899.5, '15 minutes'],
    [7200, '2 hours'],
    [200_000, '3 days'],
  ])('says of %d seconds: %s', (seconds, words) => expect(duration(seconds, 'en')).toBe(words))

  it('speaks French', () => expect(duration(900, 'fr')).toBe('15 minutes'))
})
