import { expect, type Page, test } from './fixtures'

/** What a page says of how the loan stands, and of what is to be done. */
const says = (page: Page, words: string | RegExp) =>
  expect(page.getByRole('main').getByRole('heading', { level: 2, name: words })).toBeVisible()

const act = (page: Page, name: string) => page.getByRole('main').getByRole('button', { name, exact: true }).click()

const answer = (page: Page, name: string) =>
  page.getByRole('dialog').or(page.getByRole('alertdialog')).getByRole('button', { name, exact: true }).click()

const waitingForMe = (page: Page) =>
  page
    .getByRole('navigation', { name: 'Main' })
    .getByRole('link', { name: /^Loans/ })
    .filter({ visible: true })

/** Fails when the page was loaded anew in between: what it showed must have come by itself. */
async function neverReloaded(pages: Page[]): Promise<() => Promise<void>> {
  await Promise.all(pages.map((page) => page.evaluate(() => Object.assign(window, { stayed: true }))))
  return async () => {
    for (const page of pages) expect(await page.evaluate(() => 'stayed' in window)).toBe(true)
  }
}

test('a book goes from hand to hand while everybody sees what the others do', async ({
  community,
  signedIn,
  troubles,
}) => {
  test.slow()
  const olga = await community.register('Olga Owner')
  const finn = await community.register('Finn Borrower')
  const nora = await community.register('Nora Next')
  const book = await community.book(olga, 'A Room with a View')
  const [owner, borrower, next] = await Promise.all([signedIn(olga), signedIn(finn), signedIn(nora)])
  await Promise.all([owner.goto('/loans'), borrower.goto(`/books/${book.id}`), next.goto(`/books/${book.id}`)])
  await says(owner, 'No loans yet')
  const stayed = await neverReloaded([owner, borrower, next])

  await test.step('Finn asks', async () => {
    await act(borrower, 'Ask to borrow')
    await answer(borrower, 'Send the request')
    await says(owner, 'Needs you now')
    await expect(waitingForMe(owner)).toHaveAccessibleName(/1 waiting for you/)
    await borrower.getByRole('link', { name: 'Loans' }).filter({ visible: true }).click()
    await borrower.getByRole('link', { name: 'A Room with a View' }).click()
    await says(borrower, 'Waiting for an answer')
  })

  await test.step('Nora asks as well', async () => {
    const request = await community.asks(nora, book)
    await next.goto(`/loans/${request.id}`)
    await says(next, 'Waiting for an answer')
    await next.evaluate(() => Object.assign(window, { stayed: true }))
  })

  await test.step('Olga agrees', async () => {
    // The requests for one book stand together, the oldest first.
    const requests = owner.getByRole('listitem').filter({ has: owner.getByRole('heading', { level: 3 }) })
    await expect(requests).toHaveCount(1)
    await expect(requests.getByRole('link')).toHaveText(['Finn Borrower', 'Nora Next'])
    await requests.getByRole('link', { name: 'Finn Borrower' }).click()
    await says(owner, 'Finn Borrower would like to borrow it')
    await act(owner, 'Agree')
    await owner.getByRole('dialog').getByLabel('Where').fill('Below the clock')
    await answer(owner, 'Agree')
    await says(owner, 'Hand it over to Finn Borrower')
    await says(borrower, 'Pick it up')
    await expect(borrower.getByText('Below the clock').first()).toBeVisible()
    await says(next, 'You are next in line')
  })

  await test.step('they meet', async () => {
    const code = (await owner.getByText(/^\d( \d){5}$/).textContent()) ?? ''
    const digits = code.replaceAll(' ', '')
    await act(borrower, 'Enter the code')
    const field = borrower.getByRole('dialog').getByLabel('Code of six digits')
    troubles.expect(/403.*hand-over/)
    await field.fill(digits === '000000' ? '111111' : '000000')
    await answer(borrower, 'I have the book')
    await expect(borrower.getByText('This is not the code. You can try 4 more times.')).toBeVisible()
    await field.fill(digits)
    await answer(borrower, 'I have the book')
    await says(borrower, 'It is with you')
    await says(owner, 'Finn Borrower has it')
    // Nobody is told of this: it is looked up now and then.
    await expect(next.getByText(/It is due back on/)).toBeVisible({ timeout: 30_000 })
  })

  await test.step('Finn needs more time', async () => {
    const due = await borrower
      .getByRole('main')
      .getByText(/^Due in 2\d days/)
      .textContent()
    await act(borrower, 'Ask for more days')
    await borrower.getByRole('dialog').getByText('7 days').click()
    await answer(borrower, 'Ask')
    await says(borrower, 'You have asked for 7 days more')
    await says(owner, 'Finn Borrower asks for 7 days more')
    await act(owner, 'Agree to more days')
    await answer(owner, 'Agree')
    await says(borrower, 'It is with you')
    await expect(borrower.getByRole('main').getByText(/^Due in \d+ days/)).not.toHaveText(due ?? '')
  })

  await test.step('the book comes back, and it is the turn of Nora', async () => {
    await act(borrower, 'I have returned it')
    await answer(borrower, 'Yes, it is back')
    await says(owner, 'Is it back with you?')
    await act(owner, 'I have it back')
    await answer(owner, 'Confirm')
    await says(owner, 'It is back')
    await says(borrower, 'Returned')
    await says(next, 'Waiting for an answer')
    await expect(waitingForMe(owner)).toHaveAccessibleName(/1 waiting for you/)
    await expect(waitingForMe(borrower)).toHaveAccessibleName('Loans')
  })

  await test.step('all of it is told', async () => {
    const story = borrower.getByRole('region', { name: 'Messages and steps' }).getByRole('listitem')
    await expect(story.last()).toContainText('Olga Owner has it back.')
    await expect(story.first()).toContainText('You asked for it, for 21 days.')
  })
  await stayed()
})

test('whoever is too late with an answer sees how things stand', async ({ community, signedIn, troubles }) => {
  const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
  const borrow = await community.asks(finn, await community.book(olga, 'Howards End'))
  const owner = await signedIn(olga)
  // The other side is faster, and nothing tells this page.
  troubles.expect(/stream/, /409/)
  await owner.route('**/notifications/stream', (route) => route.abort())
  await owner.goto(`/loans/${borrow.id}`)

  await act(owner, 'Decline')
  await owner.getByRole('dialog').getByLabel('Reason').fill('I am reading it.')
  await owner.route(`**/borrows/${borrow.id}/reject`, async (route) => {
    await community.step(finn, borrow, 'cancel', {})
    await route.fallback()
  })
  await answer(owner, 'Decline')
  await says(owner, 'Cancelled')
  await expect(owner.getByRole('dialog', { name: 'Decline the request?' })).toBeHidden()
  await expect(owner.getByText('This request is no longer waiting for an answer.').first()).toBeVisible()
})

test('a dialog closes when the other side makes it pointless', async ({ community, signedIn }) => {
  const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
  const borrow = await community.asks(finn, await community.book(olga, 'Maurice'))
  const owner = await signedIn(olga)
  await owner.goto(`/loans/${borrow.id}`)
  await act(owner, 'Agree')
  await expect(owner.getByRole('dialog')).toBeVisible()
  await community.step(finn, borrow, 'cancel', {})
  await expect(owner.getByRole('dialog', { name: /Lend it/ })).toBeHidden()
  await expect(owner.getByText('This loan has changed meanwhile.').first()).toBeVisible()
  await says(owner, 'Cancelled')
})

test('a book that is given away does not come back', async ({ community, signedIn }) => {
  const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
  const borrow = await community.asks(
    finn,
    await community.book(olga, 'Where Angels Fear to Tread', { lending: 'give' }),
  )
  const [owner, borrower] = await Promise.all([signedIn(olga), signedIn(finn)])
  await Promise.all([owner, borrower].map((page) => page.goto(`/loans/${borrow.id}`)))
  await says(owner, 'Finn would like to have it')
  const steps = borrower.getByRole('list', { name: 'Where it stands' }).getByRole('listitem')
  await expect(steps).toHaveText([/Asked/, /Agreed/, /Given/])
  await act(owner, 'Agree')
  await answer(owner, 'Agree')
  await expect(owner.getByText('Please say where, or that you will agree on it.')).toBeVisible()
  await owner.getByLabel('We will agree on the place between us').check()
  await answer(owner, 'Agree')
  await says(borrower, 'Pick it up')
  // In sight: a deadline without its label reads as an appointment.
  for (const page of [owner, borrower]) {
    const label = page.getByRole('term').filter({ hasText: 'Pick-up by' })
    expect((await label.boundingBox())?.width).toBeGreaterThan(60)
    await expect(page.getByText(/^You agree on the place between you/)).toBeVisible()
  }
  await act(owner, 'Hand it over')
  await answer(owner, 'Yes, handed over')
  await says(owner, 'It is Finn’s now')
  await says(borrower, 'It is yours now')
})

test('a moderator settles what two do not agree on', async ({ community, signedIn }) => {
  const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
  const mia = await community.staff('Mia', 'moderator')
  const borrow = await community.asks(finn, await community.book(olga, 'The Longest Journey'))
  await community.step(olga, borrow, 'approve', {})
  await community.step(olga, borrow, 'hand-over', {})
  await community.step(finn, borrow, 'declare-return', {})

  const [owner, borrower] = await Promise.all([signedIn(olga), signedIn(finn)])
  await Promise.all([owner, borrower].map((page) => page.goto(`/loans/${borrow.id}`)))
  await act(owner, 'Not received')
  await answer(owner, 'I have not received it')
  await says(borrower, 'A moderator looks into it')

  const moderator = await signedIn(mia)
  await moderator.goto('/notifications')
  await expect(moderator.getByText('Olga and Finn do not agree where “The Longest Journey” is.')).toBeVisible()
  await moderator.goto('/moderation')
  await moderator.getByRole('link', { name: 'Look into it: The Longest Journey' }).click()
  await act(moderator, 'Settle the dispute')
  await answer(moderator, 'Settle')
  await expect(moderator.getByText('Please choose what you found.')).toBeVisible()
  await moderator.getByRole('dialog').getByText('It has come back').click()
  await moderator.getByRole('dialog').getByLabel('Your finding').fill('It stood behind the other books.')
  await answer(moderator, 'Settle')
  await says(borrower, 'Returned')
  await says(owner, 'It is back')
  await says(moderator, 'Settled: it has come back')
  await expect(moderator.getByText(/^You decided this on/)).toBeVisible()
  for (const page of [owner, borrower, moderator]) {
    const said = page.getByRole('region', { name: 'Messages and steps' })
    await expect(said.getByText(/found, as a moderator, that it has come back/)).toBeVisible()
    await expect(said.getByText('It stood behind the other books.')).toBeVisible()
  }
  await moderator.getByRole('link', { name: 'Disputes' }).first().click()
  await expect(moderator.getByRole('link', { name: /The Longest Journey/ })).toBeHidden()
  await moderator.getByRole('link', { name: 'Settled', exact: true }).click()
  const settled = moderator.getByRole('listitem').filter({ hasText: 'The Longest Journey' })
  await expect(settled).toContainText(/You decided on .*: it has come back\./)
  await expect(settled).toContainText('It stood behind the other books.')
  await moderator.getByRole('link', { name: 'See the loan: The Longest Journey' }).click()
  await expect(moderator.getByRole('heading', { name: 'The Longest Journey' })).toBeVisible()
})

test('what is damaged is told by whom', async ({ community, signedIn }) => {
  const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
  const borrow = await community.asks(finn, await community.book(olga, 'Two Stories and a Memory'))
  await community.step(olga, borrow, 'approve', {})
  await community.step(olga, borrow, 'hand-over', {})
  await community.step(olga, borrow, 'return', { condition: 'damaged', note: 'The back is torn.' })
  const borrower = await signedIn(finn)
  await borrower.goto(`/loans/${borrow.id}`)
  await says(borrower, 'It came back damaged')
  const said = borrower.getByRole('region', { name: 'Messages and steps' })
  await expect(said.getByText('Olga has it back, damaged.')).toBeVisible()
  await expect(said.getByText('The back is torn.')).toBeVisible()
})
