import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import axe from 'axe-core'
import { misplaced } from './misplaced'

declare global {
  interface Window {
    axe: typeof axe
  }
}

const SHOTS = join(import.meta.dirname, 'shots')
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/** Waits until nothing is loading, no font is missing and nothing moves. */
export async function settled(page: Page): Promise<void> {
  await still(page)
  // What is so must also have been drawn, and what follows from it: a busy machine lags behind.
  await drawn(page)
  await still(page)
}

/** Waits until what the page knows is on the screen. */
export async function drawn(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame)
  })
}

async function still(page: Page): Promise<void> {
  // No promise in here: it would be taken for true.
  await page.waitForFunction(() => {
    const moving = document.getAnimations().some(({ effect }) => effect?.getTiming().iterations !== Infinity)
    // A list that starts holds places for the books out of sight, and grows when it draws them.
    const waiting = document.querySelector('main :is(.animate-pulse, li)[aria-hidden]')
    const loading = document.fonts.status === 'loading' || waiting
    return Boolean(document.querySelector('main h1')) && !loading && !moving
  })
}

/**
 * What is wrong with a page as it is now: what axe says of it, what is not in its place, names that run together,
 * links too low for a finger, stops of the keyboard in a dialog that are nothing. `except`: rules of axe
 * that do not fit what is open on it.
 */
export async function findings(page: Page, except: string[] = []): Promise<string[]> {
  return [
    ...(await axeFinds(page, { runOnly: WCAG }, except)),
    ...(await misplaced(page)),
    ...(await runTogether(page)),
    ...(await lowLinks(page)),
    ...(await emptyStops(page)),
  ]
}

async function axeFinds(page: Page, options: axe.RunOptions, except: string[] = []): Promise<string[]> {
  // Once for a document, however often it is looked at.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source)
  const { violations } = await page.evaluate(
    (options) => window.axe.run({ ...options, resultTypes: ['violations'] }),
    options,
  )
  const broken = violations.filter(({ id }) => !except.includes(id))
  return broken.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(' ')}\n${failureSummary}`),
  )
}

/**
 * Names that run together: "Yearoptional". Between two texts in one line only a space parts what is read aloud; a margin
 * does not.
 */
async function runTogether(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const named = document.querySelectorAll(
      'label, legend, button, a, summary, h1, h2, h3, h4, th, [role="menuitem"], [role="rowheader"]',
    )
    const inline = (from: Node, to: Element) => {
      for (let it = from.parentElement; it && it !== to; it = it.parentElement)
        if (getComputedStyle(it).display !== 'inline') return false
      return true
    }
    return [...named].flatMap((element) => {
      const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
      const texts: Node[] = []
      while (walker.nextNode()) texts.push(walker.currentNode)
      const shared = (a: Node, b: Node) => {
        let it = a.parentElement!
        while (!it.contains(b)) it = it.parentElement!
        return it
      }
      return texts.flatMap((text, place) => {
        const next = texts[place + 1]
        if (!next || text.parentElement === next.parentElement) return []
        const meets = /[\p{L}\p{N}]$/u.test(text.nodeValue ?? '') && /^[\p{L}\p{N}]/u.test(next.nodeValue ?? '')
        const line = shared(text, next)
        if (!meets || !inline(text, line) || !inline(next, line) || /flex|grid/.test(getComputedStyle(line).display))
          return []
        return [`runs together: ${element.textContent}`]
      })
    })
  })
}

/** Links that lead to what a page is about and are too low for a finger. Those within a sentence may be. */
async function lowLinks(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const inSentence = (link: Element) =>
      [...(link.closest('p, dd, li, td')?.childNodes ?? [])].some((it) => it.nodeType === 3 && it.nodeValue?.trim())
    return [...document.querySelectorAll('main a[href]')].flatMap((link) => {
      const { height, width } = link.getBoundingClientRect()
      if (width === 0 || inSentence(link) || !(link as HTMLElement).checkVisibility()) return []
      // What lies over its card takes the finger for it.
      const after = getComputedStyle(link, '::after')
      const area = after.content !== 'none' && after.position === 'absolute' ? Number.parseFloat(after.height) : height
      return area < 43.5 ? [`low link (${Math.round(area)} px): ${link.outerHTML.slice(0, 140)}`] : []
    })
  })
}

/** Stops of the keyboard, once round an open dialog, that are none of its controls. */
async function emptyStops(page: Page): Promise<string[]> {
  if ((await page.locator('[role="dialog"], [role="alertdialog"]').count()) === 0) return []
  const stops: string[] = []
  for (let press = 0; press < 40; press += 1) {
    await page.keyboard.press('Tab')
    const stop = await page.evaluate(() => {
      const it = document.activeElement
      const html = it?.outerHTML.slice(0, 140) ?? ''
      return it?.closest('[role="dialog"], [role="alertdialog"]') ? html : `empty stop in a dialog: ${html}`
    })
    if (stops.includes(stop)) break
    stops.push(stop)
  }
  return stops.filter((stop) => stop.startsWith('empty stop'))
}

/** Widths that people have: the narrowest that WCAG asks for, two phones, a desktop. */
const WIDTHS = [1280, 390, 360, 320]

/**
 * Looks at a page as it is now in each of the widths, without another load: what leaves the screen, what lies on something
 * else, what turns the words beside it.
 */
export async function fits(page: Page, name: string): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 })
    await settled(page)
    const found = await misplaced(page)
    // The others look alike, unless something is wrong with them.
    if (width === 390 || width === 1280 || found.length > 0)
      await page.screenshot({ path: join(SHOTS, `${name}.${width}.png`), fullPage: true })
    expect.soft(found, `${name} at ${width} px`).toEqual([])
  }
}

/** As `inspect`, of a page whose shape was looked at before: its colours alone. */
export async function inspectColours(page: Page, name: string): Promise<void> {
  await settled(page)
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true })
  expect.soft(await axeFinds(page, { runOnly: ['color-contrast'] }), name).toEqual([])
}

/** Fails the test for what is wrong with a page, after having drawn it into `shots/<name>.png`, to be looked at. */
export async function inspect(page: Page, name: string, except: string[] = []): Promise<void> {
  await settled(page)
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true })
  expect.soft(await findings(page, except), name).toEqual([])
}
