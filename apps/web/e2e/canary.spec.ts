import { expect, type Page, test } from './fixtures'
import { findings, settled } from './inspect'

/** What a page must not get away with, each put into a page that has nothing wrong. */
const FAULTS: [string, RegExp, (page: Page) => Promise<unknown>][] = [
  ['text too pale to read', /^color-contrast/, (page) => onHeading(page, 'color', '#e8e0d6')],
  ['something wider than the window', /^scrolls sideways/, (page) => onHeading(page, 'width', '110vw')],
  [
    'something that leaves the window and is cut off there',
    /^leaves the screen/,
    (page) =>
      page.evaluate(() => {
        document.body.style.overflowX = 'clip'
        Object.assign(document.querySelector('h1')!.style, { position: 'relative', left: '90vw' })
      }),
  ],
  [
    'a box that scrolls sideways by chance',
    /^scrolls sideways inside/,
    (page) =>
      page.evaluate(() => {
        const box = document.querySelector('main')!
        box.style.overflowY = 'auto'
        box.append(Object.assign(document.createElement('p'), { style: 'width: 110vw', textContent: 'Wide' }))
      }),
  ],
  [
    'a name that turns the words beside it',
    /^turns the words beside it/,
    (page) => page.evaluate(() => document.querySelector('main')!.append('עמוס (1939)')),
  ],
  [
    'covers that lie on each other',
    /^covers overlap/,
    (page) =>
      page.evaluate(() => {
        for (const left of [0, 20]) {
          const cover = Object.assign(document.createElement('div'), {
            className: 'absolute w-20 aspect-2/3',
            ariaHidden: 'true',
          })
          cover.style.left = `${left}px`
          document.querySelector('main')!.append(cover)
        }
      }),
  ],
  [
    'a field without a label',
    /^label/,
    (page) => page.evaluate(() => document.querySelector('main')?.append(document.createElement('input'))),
  ],
  [
    'a page in no language',
    /^html-has-lang/,
    (page) => page.evaluate(() => document.documentElement.removeAttribute('lang')),
  ],
]

function onHeading(page: Page, name: string, value: string): Promise<void> {
  return page
    .locator('h1')
    .evaluate((heading, style) => heading.style.setProperty(style.name, style.value), { name, value })
}

for (const [fault, seen, put] of FAULTS) {
  test(`inspection sees ${fault}`, async ({ visitor }) => {
    const page = await visitor()
    await page.goto('/login')
    await settled(page)
    expect(await findings(page)).toEqual([])
    await put(page)
    await settled(page)
    expect(await findings(page)).toContainEqual(expect.stringMatching(seen))
  })
}

/** What a browser complains of, and what must be seen of it. */
const COMPLAINTS: [string, RegExp, () => unknown][] = [
  ['an error on the console', /^console: no books/, () => console.error('no books')],
  [
    'an error that nothing caught',
    /^uncaught: .*no shelf/,
    () =>
      setTimeout(() => {
        throw new Error('no shelf')
      }),
  ],
  ['a promise that nothing caught', /^uncaught: .*no loan/, () => void Promise.reject(new Error('no loan'))],
  ['an answer that says no', /^console: .*404/, () => void fetch('/api/v1/nothing')],
]

for (const [complaint, seen, make] of COMPLAINTS) {
  test(`a test hears of ${complaint}`, async ({ visitor, troubles }) => {
    const page = await visitor()
    await page.goto('/login')
    await settled(page)
    expect(troubles.unexpected()).toEqual([])
    await page.evaluate(make)
    await expect.poll(() => troubles.unexpected()).toEqual([expect.stringMatching(seen)])
    troubles.expect(seen)
  })
}
