import { expect, test } from '@playwright/test'
import { PHONE } from './fixtures'
import { host } from './host'

/** What a cheap phone far from the mast has. */
const SLOWER = 4
const LINE = { offline: false, latency: 150, downloadThroughput: 1_600_000 / 8, uploadThroughput: 750_000 / 8 }
const WANTED = 1500
const ROUNDS = 5

test('how long the list takes on a slow phone', async ({ browser }) => {
  const rounds: { list: number; kilobytes: number }[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const context = await browser.newContext({
      viewport: PHONE,
      hasTouch: true,
      isMobile: true,
      serviceWorkers: 'block',
    })
    const page = await context.newPage()
    const devtools = await context.newCDPSession(page)
    await devtools.send('Network.enable')
    await devtools.send('Network.emulateNetworkConditions', LINE)
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: SLOWER })
    let bytes = 0
    devtools.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength))
    await page.addInitScript(() => {
      new MutationObserver((_, observer) => {
        if (!document.querySelector('main a[href^="/books/"]')) return
        observer.disconnect()
        requestAnimationFrame(() => setTimeout(() => performance.mark('list')))
      }).observe(document, { childList: true, subtree: true })
    })
    await page.goto(host().url)
    const list = await page.waitForFunction(() => performance.getEntriesByName('list')[0]?.startTime, undefined, {
      timeout: 30_000,
    })
    rounds.push({ list: Math.round((await list.jsonValue()) ?? Infinity), kilobytes: Math.round(bytes / 1000) })
    await context.close()
  }
  const median = rounds.map(({ list }) => list).toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)]!
  console.log(
    `the list on a slow phone: ${median} ms (median of ${rounds.map(({ list }) => list).join(', ')}), wanted: ${WANTED}`,
  )
  console.log(`transferred until then: ${rounds.map(({ kilobytes }) => `${kilobytes} kB`).join(', ')}`)
  expect(rounds.every(({ list }) => Number.isFinite(list))).toBe(true)
})
