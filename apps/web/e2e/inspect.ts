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
    const moving = document.getAnimations().filter((animation) => animation.effect?.getTiming().iterations !== Infinity)
    await Promise.allSettled(moving.map((animation) => animation.finished))
    return true
  })
}

/** Looks at a page as it is now: accessible, not wider than its window, and drawn into `shots/<name>.png` to be looked at. */
export async function inspect(page: Page, name: string): Promise<void> {
  await settled(page)
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true })
  const { excess, widest } = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement
    const beyond = [...document.querySelectorAll('body *')].filter(
      (it) => it.getBoundingClientRect().right > clientWidth + 1,
    )
    return { excess: scrollWidth - clientWidth, widest: beyond.slice(0, 3).map((it) => it.outerHTML.slice(0, 120)) }
  })
  expect.soft(excess, `${name} scrolls sideways: ${widest.join('\n')}`).toBeLessThanOrEqual(0)
  const { violations } = await new AxeBuilder({ page }).withTags(WCAG).analyze()
  const findings = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} (${help}): ${target.join(' ')}\n${failureSummary}`),
  )
  expect.soft(findings, `${name} as axe finds it`).toEqual([])
}
