import { Community } from './community'
import { DESK, PHONE, test as base } from './fixtures'
import { inspect, inspectColours } from './inspect'
import { PAGES, type Scene } from './pages'

/** Logged in once for all tests of a worker. */
const test = base.extend<object, { scene: Scene }>({
  scene: [async ({}, provide) => provide(await demoScene(new Community())), { scope: 'worker' }],
})

async function demoScene(community: Community): Promise<Scene> {
  const [ada, grace, barbara] = await Promise.all([
    community.demo('ada'),
    community.demo('grace'),
    community.demo('barbara'),
  ])
  const words = { owner: 'Olga', borrower: 'Finn', title: 'Howards End', note: 'Neither of them has it.' }
  return { community, ada, grace, barbara, words }
}

for (const { name, as, path, before, after, except, troubles: expected } of PAGES) {
  for (const language of ['en', 'fr'] as const) {
    test(`${name} in ${language}`, async ({ scene, visitor, signedIn, troubles }) => {
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
        await page.emulateMedia({ colorScheme: 'light' })
        await inspect(page, `${name}.${language}.light.${width}`, except)
        // Neither the shape of a page depends on its colours nor they on the language.
        if (language === 'fr') continue
        await page.emulateMedia({ colorScheme: 'dark' })
        await inspectColours(page, `${name}.${language}.dark.${width}`)
      }
    })
  }
}
