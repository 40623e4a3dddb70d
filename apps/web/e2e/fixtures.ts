import { type BrowserContext, expect, type Page, test as base } from '@playwright/test'
import { Community, type Member } from './community'
import { host } from './host'
import { Troubles } from './troubles'

export { expect } from '@playwright/test'
export type { Page } from '@playwright/test'

/** How a browser looks at the app. A phone in English and light unless said otherwise. */
export interface Look {
  wide?: boolean
  dark?: boolean
  language?: 'en' | 'fr'
  /** Off as a rule: answers then come from the host alone. */
  serviceWorker?: boolean
}

export const PHONE = { width: 360, height: 800 }
export const DESK = { width: 1280, height: 800 }

/** Where `src/api/session.ts` keeps that asking for a session may be worth it. */
const MAY_HAVE_SESSION = 'folkshelf.session'

interface Fixtures {
  community: Community
  /** A browser in which nobody is logged in: a page of it. */
  visitor: (look?: Look) => Promise<Page>
  /** A browser of its own in which a member is logged in. */
  signedIn: (member: Member, look?: Look) => Promise<Page>
  /** What went wrong in any page: fails the test unless it was expected. */
  troubles: Troubles
}

export const test = base.extend<Fixtures>({
  community: async ({}, provide) => provide(new Community()),

  troubles: [
    async ({}, provide) => {
      const troubles = new Troubles()
      await provide(troubles)
      expect(troubles.unexpected(), 'what went wrong in the browser').toEqual([])
    },
    { auto: true },
  ],

  visitor: async ({ browser, troubles }, provide) => {
    const contexts: BrowserContext[] = []
    await provide(async (look = {}) => {
      const context = await browser.newContext(options(look))
      contexts.push(context)
      troubles.watch(context)
      return context.newPage()
    })
    await Promise.all(contexts.map((context) => context.close()))
  },

  signedIn: async ({ browser, troubles, playwright }, provide) => {
    const contexts: BrowserContext[] = []
    await provide(async (member, look = {}) => {
      const request = await playwright.request.newContext({ baseURL: host().url })
      const { email, password } = member
      const answer = await request.post('/api/v1/auth/login', { data: { email, password } })
      expect(answer.status(), `${email} logs in`).toBe(200)
      const { cookies } = await request.storageState()
      await request.dispose()
      const remembered = { origin: host().url, localStorage: [{ name: MAY_HAVE_SESSION, value: '1' }] }
      const context = await browser.newContext({ ...options(look), storageState: { cookies, origins: [remembered] } })
      contexts.push(context)
      troubles.watch(context)
      return context.newPage()
    })
    await Promise.all(contexts.map((context) => context.close()))
  },
})

function options({ wide, dark, language = 'en', serviceWorker }: Look) {
  return {
    baseURL: host().url,
    viewport: wide ? DESK : PHONE,
    hasTouch: !wide,
    colorScheme: dark ? ('dark' as const) : ('light' as const),
    locale: language === 'fr' ? 'fr-FR' : 'en-GB',
    timezoneId: 'Europe/Paris',
    reducedMotion: 'reduce' as const,
    serviceWorkers: serviceWorker ? ('allow' as const) : ('block' as const),
  }
}
