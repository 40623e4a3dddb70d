import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import axe from 'axe-core'

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
  await page.evaluate(async () => {
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame)
  })
  await still(page)
}

async function still(page: Page): Promise<void> {
  // No promise in here: it would be taken for true.
  await page.waitForFunction(() => {
    const moving = document.getAnimations().some(({ effect }) => effect?.getTiming().iterations !== Infinity)
    const loading = document.fonts.status === 'loading' || document.querySelector('main .animate-pulse[aria-hidden]')
    return Boolean(document.querySelector('main h1')) && !loading && !moving
  })
}

/**
 * What is wrong with a page as it is now: what axe says of it, and what is wider than its window. `except`: rules of axe
 * that do not fit what is open on it.
 */
export async function findings(page: Page, except: string[] = []): Promise<string[]> {
  // Once for a document, however often it is looked at.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source)
  const { violations } = await page.evaluate(
    (tags) => window.axe.run({ runOnly: tags, resultTypes: ['violations'] }),
    WCAG,
  )
  const broken = violations.filter(({ id }) => !except.includes(id))
  const found = broken.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(' ')}\n${failureSummary}`),
  )
  const sideways = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement
    if (scrollWidth <= clientWidth) return []
    const all = [...document.querySelectorAll('body *')]
    const scrolling = all.filter((it) => getComputedStyle(it).overflowX !== 'visible')
    const beyond = all.filter((it) => it.getBoundingClientRect().right > clientWidth + 1)
    const guilty = beyond.filter((it) => !scrolling.some((box) => box !== it && box.contains(it)))
    return [`scrolls sideways: ${guilty.slice(-3).map((it) => it.outerHTML.slice(0, 160))}`]
  })
  return [...found, ...sideways]
}

/** Fails the test for what is wrong with a page, after having drawn it into `shots/<name>.png`, to be looked at. */
export async function inspect(page: Page, name: string, except: string[] = []): Promise<void> {
  await settled(page)
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true })
  expect.soft(await findings(page, except), name).toEqual([])
}
