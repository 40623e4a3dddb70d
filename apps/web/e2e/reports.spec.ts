import { expect, type Page, test } from './fixtures'

const thread = (page: Page) => page.getByRole('region', { name: 'Messages and steps' })

test('a member reports another from their thread on a phone, a moderator reads it and warns them', async ({
  community,
  signedIn,
}) => {
  const [olga, finn] = [await community.register('Odile'), await community.register('Fabian')]
  // Moderators hear of every report: in no other test these two are called so.
  const mo = await community.staff('Mo', 'moderator')
  const borrow = await community.asks(finn, await community.book(olga, 'Emma'))
  await community.says(finn, borrow, 'Give it to me, you goose!')
  const [reporter, moderator, reported] = [
    await signedIn(olga),
    await signedIn(mo, { wide: true }),
    await signedIn(finn),
  ]
  await reported.goto(`/loans/${borrow.id}`)
  await expect(thread(reported).getByText(/Only you and Odile read this/)).toBeVisible()

  await test.step('the reporter says what happened', async () => {
    await reporter.goto(`/loans/${borrow.id}`)
    await thread(reporter).getByRole('button', { name: 'Report Fabian' }).click()
    const dialog = reporter.getByRole('dialog', { name: 'Report Fabian' })
    await expect(dialog.getByText(/the messages of this loan/)).toBeVisible()
    await dialog.getByRole('button', { name: 'Report', exact: true }).click()
    await expect(dialog.getByText('Please choose what it is about.')).toBeVisible()
    await dialog.getByRole('radio', { name: 'Insults or harassment' }).check()
    await dialog.getByRole('textbox', { name: /What happened/ }).fill('He calls me a goose.')
    await dialog.getByRole('button', { name: 'Report', exact: true }).click()
    await expect(dialog).toBeHidden()
    await expect(reporter.getByText(/A moderator will read it/).first()).toBeVisible()
    await expect(thread(reporter).getByText('Moderators read and write here, too.')).toBeVisible()
  })

  await test.step('the moderator hears of it, reads the thread and writes in it', async () => {
    await moderator.goto('/notifications')
    await moderator
      .getByRole('main')
      .getByRole('link', { name: /Odile has reported Fabian/ })
      .click()
    await expect(moderator.getByText('He calls me a goose.')).toBeVisible()
    await expect(thread(moderator).getByText('Give it to me, you goose!')).toBeVisible()
    await thread(moderator).getByRole('textbox', { name: 'Message to both' }).fill('Please be polite.')
    await thread(moderator).getByRole('button', { name: 'Send' }).click()
    await expect(thread(moderator).getByText('Please be polite.')).toBeVisible()
  })

  await test.step('both see that a moderator is there, and who they write to', async () => {
    for (const page of [reporter, reported]) {
      await expect(thread(page).getByText('Please be polite.', { exact: true })).toBeVisible()
      await expect(thread(page).getByText('Moderators read and write here, too.')).toBeVisible()
    }
    await expect(thread(reported).getByRole('textbox', { name: 'Message to Odile and the moderators' })).toBeVisible()
  })

  await test.step('the moderator warns', async () => {
    await moderator.getByRole('button', { name: 'Answer', exact: true }).click()
    const dialog = moderator.getByRole('dialog', { name: 'Answer the report' })
    await dialog.getByRole('radio', { name: /Warn Fabian/ }).check()
    await dialog.getByRole('textbox', { name: /Your words to Fabian/ }).fill('Do not call people names.')
    await dialog.getByRole('textbox', { name: /Your answer to Odile/ }).fill('Thank you. We have told him.')
    await dialog.getByRole('button', { name: 'Answer', exact: true }).click()
    await expect(dialog).toBeHidden()
    await expect(moderator.getByText(/Mo warned Fabian on/)).toBeVisible()
    // Others report others meanwhile: this one by its address.
    const listed = moderator.locator(`a[href="${new URL(moderator.url()).pathname}"]`)
    await moderator.goto('/moderation/reports?show=closed')
    await expect(listed).toBeVisible()
    await moderator.getByRole('link', { name: 'To answer' }).click()
    await expect(moderator.getByRole('link', { name: 'To answer' })).toHaveAttribute('aria-current', 'page')
    await expect(listed).toBeHidden()
  })

  await test.step('the reporter reads the answer, and only the one warned the warning', async () => {
    await reporter.goto('/notifications')
    await reporter
      .getByRole('main')
      .getByRole('link', { name: /answered your report about Fabian/ })
      .click()
    await expect(reporter.getByText('Thank you. We have told him.')).toBeVisible()
    await expect(reporter.getByRole('main')).not.toContainText('Do not call people names.')
    await reported.goto('/notifications')
    await expect(reported.getByText(/Do not call people names/)).toBeVisible()
    await expect(reported.getByRole('main')).not.toContainText('Odile has reported')
  })
})

test('a member is reported on their page', async ({ community, signedIn }) => {
  const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
  const page = await signedIn(olga, { language: 'fr' })
  await page.goto(`/people/${finn.id}`)
  await page.getByRole('main').getByRole('button', { name: 'Autres actions' }).click()
  await page.getByRole('menuitem', { name: 'Signaler ce membre' }).click()
  const dialog = page.getByRole('dialog', { name: 'Signaler Finn' })
  await dialog.getByRole('radio', { name: 'Menaces' }).check()
  await dialog.getByRole('textbox', { name: /Ce qui s’est passé/ }).fill('Il me menace.')
  await dialog.getByRole('button', { name: 'Signaler', exact: true }).click()
  await expect(dialog).toBeHidden()
  await page.goto('/account/reports')
  await expect(page.getByText('Il me menace.')).toBeVisible()
  await expect(page.getByText('Sans réponse pour l’instant')).toBeVisible()
})

test('that a message was read appears while one looks', async ({ community, signedIn }) => {
  const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
  const borrow = await community.asks(finn, await community.book(olga, 'Emma'))
  await community.says(finn, borrow, 'May I come at six?')
  const page = await signedIn(finn)
  await page.goto(`/loans/${borrow.id}`)
  await expect(thread(page).getByText('Sent', { exact: true })).toBeVisible()
  const params = { path: { id: borrow.id } }
  await olga.api.POST('/api/v1/borrows/{id}/messages/read', { params, body: {} })
  await expect(thread(page).getByText('Read', { exact: true })).toBeVisible({ timeout: 15_000 })
})
