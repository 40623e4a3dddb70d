import { explore } from './explore'
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
    'a link with lines that are cut off',
    /^reaches beyond where it is cut off/,
    (page) =>
      put(page, '<p id="cut"><a href="/">Home and away, at sea and on land</a></p>', {
        '#cut': {
          width: '4rem',
          display: '-webkit-box',
          webkitBoxOrient: 'vertical',
          webkitLineClamp: '2',
          overflow: 'hidden',
        },
      }),
  ],
  [
    'rows that lie on each other',
    /^rows overlap/,
    (page) => put(page, '<ul><li>One</li><li id="two">Two</li></ul>', { '#two': { marginTop: '-12px' } }),
  ],
  [
    'a number that is broken',
    /^breaks a number/,
    (page) => put(page, '<p id="number">1234</p>', { '#number': { width: '1ch', overflowWrap: 'anywhere' } }),
  ],
  [
    'names that run together',
    /^runs together: Yearoptional/,
    (page) => put(page, '<label for="year">Year<span>optional</span></label><input id="year">'),
  ],
  [
    'the head of a row that runs together',
    /^runs together: Adayou/,
    (page) => put(page, '<table><tr><th scope="row"><b>Ada</b><span>you</span></th><td>Member</td></tr></table>'),
  ],
  [
    'a link that is too low for a finger',
    /^low link/,
    (page) => put(page, '<div><a href="/" id="low">Home</a></div>', { '#low': { display: 'inline-block' } }),
  ],
  [
    'an empty stop in a dialog',
    /^empty stop in a dialog/,
    (page) => put(page, '<div role="dialog" aria-label="Sure?"><button type="button">Yes</button></div>'),
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

/** Adds markup at the end of the page. Styles are set by script, since the page's policy forbids them as attributes. */
function put(page: Page, markup: string, styles: Record<string, Record<string, string>> = {}): Promise<void> {
  return page.locator('main').evaluate(
    (main, { markup, styles }) => {
      main.insertAdjacentHTML('beforeend', markup)
      for (const [selector, style] of Object.entries(styles))
        Object.assign(main.querySelector<HTMLElement>(selector)!.style, style)
    },
    { markup, styles },
  )
}

function onHeading(page: Page, name: string, value: string): Promise<void> {
  return page
    .locator('h1')
    .evaluate((heading, style) => heading.style.setProperty(style.name, style.value), { name, value })
}

for (const [fault, seen, spoil] of FAULTS) {
  test(`inspection sees ${fault}`, async ({ visitor }) => {
    const page = await visitor()
    await page.goto('/login')
    await settled(page)
    expect(await findings(page)).toEqual([])
    await spoil(page)
    await settled(page)
    expect(await findings(page)).toContainEqual(expect.stringMatching(seen))
  })
}

test('a page is not settled while a list holds places for what it has not drawn', async ({ visitor }) => {
  const page = await visitor()
  await page.goto('/login')
  await settled(page)
  await put(page, '<ul><li aria-hidden="true" id="place"></li></ul>')
  await page.evaluate(() => setTimeout(() => document.getElementById('place')!.remove(), 500))
  await settled(page)
  expect(await page.locator('#place').count()).toBe(0)
})

test('exploring a page counts what opens on it, and nothing else', async ({ visitor }) => {
  const page = await visitor()
  await page.goto('/login')
  await settled(page)
  await put(page, '<button type="button">Idle</button>')
  expect(await explore(page, async () => {})).toBe(0)
  await put(page, '<button type="button" id="opens">Open</button><div role="dialog" id="opened" hidden>Sure?</div>')
  await page.evaluate(() => {
    const dialog = document.getElementById('opened')!
    document.getElementById('opens')!.addEventListener('click', () => (dialog.hidden = false))
    document.addEventListener('keydown', ({ key }) => key === 'Escape' && (dialog.hidden = true))
  })
  expect(await explore(page, async () => {})).toBe(1)
  await put(page, '<details><summary>More</summary>Much more</details>')
  expect(await explore(page, async () => {})).toBe(2)
})

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
