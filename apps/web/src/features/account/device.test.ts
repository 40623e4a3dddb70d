import { describe, expect, it } from 'vitest'
import { deviceOf } from './device'

describe('what a device calls itself', () => {
  it.each([
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
      { program: 'Chrome', system: 'Linux', handheld: false },
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0',
      { program: 'Edge', system: 'Windows', handheld: false },
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/605.1.15',
      { program: 'Safari', system: 'macOS', handheld: false },
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/145.0 Mobile/15E148 Safari/605.1.15',
      { program: 'Firefox', system: 'iPhone', handheld: true },
    ],
    [
      'Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36',
      { program: 'Samsung Internet', system: 'Android', handheld: true },
    ],
    ['curl/8.14.1', { program: 'curl', system: undefined, handheld: false }],
    [null, { program: undefined, system: undefined, handheld: false }],
  ])('%s', (agent, device) => expect(deviceOf(agent)).toEqual(device))
})
