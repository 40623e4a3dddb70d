import { readFileSync } from 'node:fs'
import { expect, type Page, test } from './fixtures'
import { settled } from './inspect'

type Words = { [key: string]: string | Words }
type Language = 'en' | 'fr'

/** The app's own words: `words('loans', 'fr')('action.approve')`. */
function words(feature: string, language: Language) {
  const path = `../src/features/${feature}/locales/${language}.json`
  const all = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as Words
  return (key: string, values: Record<string, string> = {}) => {
    const found = key.split('.').reduce<string | Words>((at, part) => (at as Words)[part]!, all)
    return (found as string).replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? '')
  }
}

/** Somebody who has a keyboard and nothing else. */
class Typist {
  private readonly page: Page
  private readonly t: ReturnType<typeof words>

  constructor(page: Page, t: ReturnType<typeof words>) {
    this.page = page
    this.t = t
  }

  /** Goes to a button by Tab, and presses it. */
  async press(name: string, role: 'button' | 'link' = 'button'): Promise<void> {
    await this.to(name, role)
    await this.page.keyboard.press('Enter')
  }

  /** Goes on by Tab until something has the focus. */
  async to(name: string, role: 'button' | 'link' | 'checkbox' | 'textbox'): Promise<void> {
    const wanted = this.page.getByRole(role, { name, exact: true }).filter({ visible: true })
    await expect(wanted.first(), name).toBeVisible()
    await this.reach(async () => {
      const all = await wanted.all()
      const have = await Promise.all(all.map((one) => one.evaluate((element) => element === document.activeElement)))
      return have.includes(true)
    }, name)
  }

  private async reach(there: () => Promise<boolean>, name: string): Promise<void> {
    for (let stops = 0; stops < 60; stops += 1) {
      if (await there()) return
      await this.page.keyboard.press('Tab')
      const lost = await this.page.evaluate(() => document.activeElement === document.body)
      // After the last stop of a page comes the browser itself, and then the first again.
      if (lost) await this.page.keyboard.press('Tab')
    }
    throw new Error(`no way to ${name} by keyboard`)
  }

  /** A step of a loan that asks in a dialog: the keyboard starts inside it. */
  async step(action: string, submit: string, answer: (page: Page) => Promise<void> = () => Promise.resolve()) {
    await this.press(this.t(`action.${action}`))
    const dialog = this.page.getByRole('dialog').or(this.page.getByRole('alertdialog'))
    await expect(dialog.locator(':focus')).toHaveCount(1)
    await answer(this.page)
    await this.press(this.t(submit))
  }

  /** From the dots: what is seldom needed. */
  async choose(action: string): Promise<void> {
    await this.press(this.t('action.more'))
    const item = this.page.getByRole('menuitem', { name: this.t(`action.${action}`), exact: true })
    await expect(item).toBeVisible()
    for (let stops = 0; stops < 5; stops += 1) {
      if (await item.evaluate((element) => element === document.activeElement)) break
      await this.page.keyboard.press('ArrowDown')
    }
    await this.page.keyboard.press('Enter')
  }

  /** The focus is on how the loan stands now. */
  async reads(situation: string, values: Record<string, string> = {}): Promise<void> {
    const status = this.page.getByRole('heading', { level: 2, name: this.t(`now.${situation}.title`, values) })
    await expect(status).toBeFocused()
    // And stays there when all is drawn and fetched again.
    await settled(this.page)
    await expect(status).toBeFocused()
  }
}

for (const language of ['en', 'fr'] as const) {
  const t = words('loans', language)
  const book = words('book', language)

  test(`a whole borrow by keyboard alone, in ${language}`, async ({ community, signedIn }) => {
    test.slow()
    const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
    const room = await community.book(olga, 'A Room with a View')
    const [owner, borrower] = await Promise.all([
      signedIn(olga, { wide: true, language }),
      signedIn(finn, { wide: true, language }),
    ])
    const [asOlga, asFinn] = [new Typist(owner, t), new Typist(borrower, t)]
    const days = (count: number) => t('days_other', { count: String(count) })

    await borrower.goto(`/books/${room.id}`)
    await asFinn.press(book('ask.borrow'))
    await expect(borrower.getByRole('dialog').locator(':focus')).toHaveCount(1)
    await asFinn.press(book('ask.submit'))
    await expect(borrower.getByRole('main').getByRole('status').first()).toBeFocused()
    await asFinn.press(book('outlook.mine.seeRequest'), 'link')
    await expect(borrower.getByRole('heading', { name: t('now.pending.borrower.title') })).toBeVisible()
    const loan = borrower.url()
    await expect(borrower.getByRole('main')).toBeFocused()

    await owner.goto(loan)
    await asOlga.step('approve', 'approve.submit', async ({ keyboard }) => {
      await asOlga.to(t('approve.place'), 'textbox')
      await keyboard.type('Below the clock')
    })
    await asOlga.reads('approved.owner', { borrower: 'Finn' })

    // What the other does leaves the focus where it is.
    await expect(borrower.getByRole('heading', { name: t('now.approved.borrower.title') })).toBeVisible()
    await expect(borrower.getByRole('main')).toBeFocused()

    const code = (await owner.getByText(/^\d( \d){5}$/).textContent()) ?? ''
    await asFinn.step('enterCode', 'code.submit', ({ keyboard }) => keyboard.type(code.replaceAll(' ', '')))
    await asFinn.reads('active.borrower')

    await asFinn.step('requestExtension', 'extension.submit')
    await asFinn.reads('extension.borrower', { days: days(7) })
    await asOlga.step('refuseExtension', 'refuseExtension.submit')
    await asOlga.reads('active.owner', { borrower: 'Finn' })
    await asFinn.step('requestExtension', 'extension.submit', ({ keyboard }) => keyboard.press('ArrowDown'))
    await asFinn.reads('extension.borrower', { days: days(14) })
    await asOlga.step('grantExtension', 'grantExtension.submit')
    await asOlga.reads('active.owner', { borrower: 'Finn' })

    await asFinn.step('declareReturn', 'declareReturn.submit')
    await asFinn.reads('return_pending.borrower')
    await asOlga.step('confirmReturn', 'return.submit')
    await asOlga.reads('returned.owner')
    await asFinn.reads('returned.borrower')
  })

  test(`the other ways of a borrow by keyboard alone, in ${language}`, async ({ community, signedIn }) => {
    test.slow()
    const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
    const mia = await community.staff('Mia', 'moderator')
    const look = { wide: true, language }
    const [owner, borrower, moderator] = await Promise.all([
      signedIn(olga, look),
      signedIn(finn, look),
      signedIn(mia, look),
    ])
    const [asOlga, asFinn, asMia] = [owner, borrower, moderator].map((page) => new Typist(page, t)) as [
      Typist,
      Typist,
      Typist,
    ]
    const asked = async (title: string) => community.asks(finn, await community.book(olga, title))

    await test.step('declined', async () => {
      const { id } = await asked('Maurice')
      await owner.goto(`/loans/${id}`)
      await asOlga.step('reject', 'reject.submit')
      await asOlga.reads('rejected.owner')
    })
    await test.step('called off', async () => {
      const { id } = await asked('Howards End')
      await borrower.goto(`/loans/${id}`)
      await asFinn.step('cancel', 'cancel.submit')
      await asFinn.reads('cancelled')
    })
    await test.step('handed over without a code, and reported lost', async () => {
      const borrow = await asked('The Longest Journey')
      await community.step(olga, borrow, 'approve', {})
      await owner.goto(`/loans/${borrow.id}`)
      await asOlga.step('handOver', 'handOver.submit')
      await asOlga.reads('active.owner', { borrower: 'Finn' })
      await borrower.goto(`/loans/${borrow.id}`)
      await asFinn.choose('reportLost')
      await asFinn.press(t('reportLost.submit'))
      await asFinn.reads('lost.borrower')
    })
    await test.step('disputed and settled', async () => {
      const borrow = await asked('A Passage to India')
      await community.step(olga, borrow, 'approve', {})
      await community.step(olga, borrow, 'hand-over', {})
      await community.step(finn, borrow, 'declare-return', {})
      await owner.goto(`/loans/${borrow.id}`)
      await asOlga.step('notReceived', 'notReceived.submit')
      await asOlga.reads('disputed.owner')
      await moderator.goto(`/loans/${borrow.id}`)
      await expect(moderator.getByRole('heading', { name: t('now.disputed.moderator.title') })).toBeVisible()
      await asMia.step('resolve', 'resolve.submit', async ({ keyboard }) => {
        await keyboard.press('Space')
        await keyboard.press('Tab')
        await keyboard.type('It stood behind the other books.')
      })
      await expect(moderator.locator(`#status-${borrow.id}`)).toBeFocused()
    })
    await test.step('whoever thinks better of it goes on at the button', async () => {
      const { id } = await asked('Where Angels Fear to Tread')
      await owner.goto(`/loans/${id}`)
      await asOlga.press(t('action.reject'))
      await expect(owner.getByRole('dialog').locator(':focus')).toHaveCount(1)
      await owner.keyboard.press('Escape')
      await expect(owner.getByRole('main').getByRole('button', { name: t('action.reject'), exact: true })).toBeFocused()
    })
  })

  test(`requests are answered in the list by keyboard alone, in ${language}`, async ({ community, signedIn }) => {
    const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
    const borrow = await community.asks(finn, await community.book(olga, 'Maurice'))
    const owner = await signedIn(olga, { wide: true, language })
    await owner.goto('/loans')
    const asOlga = new Typist(owner, t)
    await asOlga.step('approve', 'approve.submit', async ({ keyboard }) => {
      await asOlga.to(t('approve.placeOpen'), 'checkbox')
      await keyboard.press('Space')
    })
    await expect(owner.locator(`#status-${borrow.id}`)).toBeFocused()
    await expect(owner.locator(`#status-${borrow.id}`)).toContainText(t('status.approved'))
    await settled(owner)
    await expect(owner.locator(`#status-${borrow.id}`)).toBeFocused()
  })
}
