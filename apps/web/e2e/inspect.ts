import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

const SHOTS = join(import.meta.dirname, 'shots')
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/** Waits until nothing is loading, no font is missing and nothing moves. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(async () => {
    if (!document.querySelector('main h1') || document.querySelector('[role=status] [aria-hidden]')) return false
    await document.fonts.ready
    const moving = document.getAnimations().filter((it) => it.effect?.getTiming().iterations !== Infinity)
    await Promise.allSettled(moving.map((animation) => animation.finished))
    return true
  })
}

/** What is wrong with a page as it is now: what axe says of it, and what is wider than its window. */
export async function findings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(WCAG).analyze()
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(' ')}\n${failureSummary}`),
  )
  const sideways = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement
    if (scrollWidth <= clientWidth) return []
    const beyond = [...document.querySelectorAll('body *')].filter(
      (element) => element.getBoundingClientRect().right > clientWidth + 1,
    )
    return [`scrolls sideways: ${beyond.slice(0, 3).map((element) => element.outerHTML.slice(0, 120))}`]
  })
  return [...found, ...sideways]
}

/** Fails the test for what is wrong with a page, after having drawn it into `shots/<name>.png`, to be looked at. */
export async function inspect(page: Page, name: string): Promise<void> {
  await settled(page)
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true })
  expect.soft(await findings(page), name).toEqual([])
}
