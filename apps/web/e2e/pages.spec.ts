import { DESK, PHONE, test } from './fixtures'
import { inspect } from './inspect'
import { PAGES, type Scene } from './pages'

for (const { name, as, path, before, after, except, troubles: expected } of PAGES) {
  for (const language of ['en', 'fr'] as const) {
    test(`${name} in ${language}`, async ({ community, visitor, signedIn, troubles }) => {
      const [ada, grace, barbara] = await Promise.all([
        community.demo('ada'),
        community.demo('grace'),
        community.demo('barbara'),
      ])
      const words = { owner: 'Olga', borrower: 'Finn', title: 'Howards End', note: 'Neither of them has it.' }
      const scene: Scene = { community, ada, grace, barbara, words }
      const page = await (as === 'visitor' ? visitor({ language }) : signedIn(scene[as], { language }))
      if (expected) troubles.expect(expected)
      await before?.(page)
      await page.goto(typeof path === 'string' ? path : await path(scene))
      await after?.(page)
      for (const [width, viewport] of [
        ['360', PHONE],
        ['1280', DESK],
      ] as const) {
        await page.setViewportSize(viewport)
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme })
          await inspect(page, `${name}.${language}.${colorScheme}.${width}`, except)
        }
      }
    })
  }
}
