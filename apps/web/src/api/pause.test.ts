import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { tooOften } from '@/test/host'
import { notePause, pause } from './pause'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.runAllTimers()
  vi.useRealTimers()
})

it('a pause lasts as long as the host asked for', () => {
  notePause(tooOften(20))
  vi.advanceTimersByTime(19_999)
  expect(pause.get()).toBe(20)
  vi.advanceTimersByTime(1)
  expect(pause.get()).toBeUndefined()
})

it('only what the app waits for by itself is one', () => {
  const plain = new Response(null, { status: 429 })
  const away = new Response(null, { status: 503, headers: { 'retry-after': '2' } })
  for (const response of [tooOften(21), plain, away, Response.json({})]) notePause(response)
  expect(pause.get()).toBeUndefined()
})
