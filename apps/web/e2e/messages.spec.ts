import { expect, type Page, test } from './fixtures'

const thread = (page: Page) => page.getByRole('region', { name: 'Messages and steps' })
const field = (page: Page) => thread(page).getByRole('textbox')
/** A message; a screen reader is told of it as well. */
const said = (page: Page, text: string) => thread(page).getByText(text, { exact: true })
const badge = (page: Page) => page.getByRole('main').getByText('1 new message')

test('two people agree on a place, each on their own page', async ({ community, signedIn, troubles }) => {
  const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
  const borrow = await community.asks(finn, await community.book(olga, 'Emma'), 21, 'May I?')
  await community.step(olga, borrow, 'approve', {})
  const [owner, borrower] = await Promise.all([signedIn(olga, { wide: true }), signedIn(finn)])
  await owner.goto('/notifications')
  await borrower.goto(`/loans/${borrow.id}`)
  await expect(said(borrower, 'May I?')).toBeVisible()

  await test.step('on a phone, by the button; Enter begins a line', async () => {
    await borrower.getByRole('link', { name: 'Write to Olga' }).click()
    await expect(field(borrower)).toBeFocused()
    await field(borrower).pressSequentially('Is the bakery fine?')
    await thread(borrower).getByRole('button', { name: 'Send' }).click()
    await expect(thread(borrower).getByText('Sent', { exact: true })).toBeVisible()
  })

  await test.step('the notification leads to it, and is read with it', async () => {
    await owner
      .getByRole('main')
      .getByRole('link', { name: /Finn wrote to you about/ })
      .click()
    await expect(said(owner, 'Is the bakery fine?')).toBeInViewport()
    await expect(thread(owner).getByText('New', { exact: true })).toBeVisible()
    const unread = async () => {
      const { data } = await olga.api.GET('/api/v1/borrows/{id}', { params: { path: { id: borrow.id } } })
      return data?.data.unreadMessages
    }
    await expect.poll(unread).toBe(0)
  })

  await test.step('live on both pages, with Enter on a desk', async () => {
    await field(owner).fill('Yes. At six?')
    await field(owner).press('Enter')
    await expect(said(borrower, 'Yes. At six?')).toBeVisible()
    await expect(borrower.getByText('Olga writes: Yes. At six?')).toBeAttached()
    // Finn sees it: Olga's page says so when it is fetched anew.
    await field(borrower).fill('Fine!')
    await thread(borrower).getByRole('button', { name: 'Send' }).click()
    await expect(said(owner, 'Fine!')).toBeVisible()
    await expect(thread(owner).getByText('Read', { exact: true })).toBeVisible()
  })

  await test.step('without a line it is kept, and sent once', async () => {
    troubles.expect(/messages/, /stream/, /ERR_/)
    await borrower.route(`**/borrows/${borrow.id}/messages`, async (route) => {
      if (route.request().method() !== 'POST') return route.fallback()
      // It arrives, and the answer does not.
      await route.fetch()
      await route.abort()
    })
    await field(borrower).fill('I am the one with the hat')
    await thread(borrower).getByRole('button', { name: 'Send' }).click()
    const again = thread(borrower).getByRole('button', { name: 'Try again' })
    await expect(again).toBeVisible({ timeout: 20_000 })
    await borrower.unroute(`**/borrows/${borrow.id}/messages`)
    await again.click()
    await expect(again).toBeHidden()
    await expect(said(borrower, 'I am the one with the hat')).toHaveCount(1)
    await expect(said(owner, 'I am the one with the hat')).toHaveCount(1)
  })

  await test.step('what waits unread is seen in the list', async () => {
    await owner.goto('/loans')
    await field(borrower).fill('See you')
    await thread(borrower).getByRole('button', { name: 'Send' }).click()
    await expect(badge(owner)).toBeVisible()
  })
})
