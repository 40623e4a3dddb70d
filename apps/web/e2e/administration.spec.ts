import { expect, test } from './fixtures'

test('a member is found, given a role, deactivated and reactivated', async ({ community, signedIn, troubles }) => {
  const name = `Wilma ${Date.now()}`
  const [admin, member] = [await community.demo('ada'), await community.register(name)]
  const page = await signedIn(admin)
  await page.goto('/admin/members')
  await page.getByLabel('Name or mail address').fill(name.toUpperCase())
  const row = page.getByRole('row', { name })
  await expect(page.getByRole('status').filter({ hasText: /^1 member$/ })).toBeVisible()
  await expect(page).toHaveURL(/q=WILMA/)
  await expect(row).toContainText('Member')
  await page.getByLabel('Name or mail address').fill(member.email)
  await expect(page).toHaveURL(/q=wilma.+example\.org/)
  await expect(row).toBeVisible()

  const act = async (action: string) => {
    await row.getByRole('button', { name: `Actions for ${name}` }).click()
    await page.getByRole('menuitem', { name: action }).click()
  }
  await act('Change the role')
  const dialog = page.getByRole('dialog', { name: `Role of ${name}` })
  await dialog.getByRole('radio', { name: /^Moderator/ }).check()
  await dialog.getByRole('button', { name: 'Change the role' }).click()
  await expect(dialog).toBeHidden()
  await expect(row).toContainText('Moderator')

  await act('Deactivate')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Deactivate' }).click()
  await expect(row).toContainText('Deactivated')
  const refused = await member.api.GET('/api/v1/users/me')
  expect(refused.response.status).toBe(401)

  await page.getByLabel('Account', { exact: true }).selectOption({ label: 'Active' })
  await expect(page.getByRole('heading', { name: 'Nobody fits' })).toBeVisible()
  await page.getByLabel('Account', { exact: true }).selectOption({ label: 'Deactivated' })
  await act('Reactivate')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Reactivate' }).click()
  await expect(page.getByRole('heading', { name: 'Nobody fits' })).toBeVisible()

  troubles.expect(/409/)
  await page.getByRole('button', { name: 'Show everybody' }).click()
  await expect(page.getByLabel('Name or mail address')).toHaveValue('')
  await page.getByRole('button', { name: 'Add a member' }).click()
  const adding = page.getByRole('dialog', { name: 'Add a member' })
  await adding.getByLabel('Name').fill('Wilma again')
  await adding.getByLabel('Mail address').fill(member.email)
  await adding.getByRole('button', { name: 'Add the member' }).click()
  await expect(adding.getByText('There is an account with this mail address already.')).toBeVisible()
})

test('a projection is rebuilt, and its progress is told', async ({ community, signedIn }) => {
  const page = await signedIn(await community.demo('ada'))
  await page.goto('/admin/projections')
  const card = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'Books' }) })
  await card.getByRole('button', { name: 'Rebuild' }).click()
  await expect(card.getByRole('progressbar', { name: 'Being rebuilt' })).toBeVisible()
  await expect(card.getByRole('status')).toHaveText('Rebuilt just now')
  await expect(card).toContainText('Ready')
})

test('a job is run when somebody asks for it, and tells what it did', async ({ community, signedIn }) => {
  const page = await signedIn(await community.demo('ada'))
  await page.goto('/admin/jobs')
  const card = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'Count the month' }) })
  await expect(card).toContainText('Waits for its time')
  await card.getByRole('button', { name: 'Run now: Count the month' }).click()
  await expect(card).toContainText(/Done · now/)
  await expect(card).toContainText(/\d+ months?/)
  await page.getByRole('link', { name: 'Months' }).click()
  await expect(page.getByRole('heading', { name: 'Months' })).toBeVisible()
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save as CSV' }).click()
  expect((await download).suggestedFilename()).toMatch(/^folkshelf-\d{4}-\d{2}\.csv$/)
})

test('events are filtered by type and by what they happened to, and show what they say', async ({
  community,
  signedIn,
}) => {
  const [admin, owner] = [await community.demo('ada'), await community.register('Xenia')]
  const book = await community.book(owner, 'Sanditon')
  const page = await signedIn(admin, { wide: true })
  await page.goto('/admin/events')
  await page.getByRole('button', { name: 'Filter', exact: true }).click()
  await page.getByLabel('Happened to').fill('no id')
  await page.getByRole('button', { name: 'Show', exact: true }).click()
  await expect(page.getByText(/^Please write the whole id/)).toBeVisible()
  await page.getByLabel('Happened to').fill(`book:${book.id}`)
  await page.getByLabel('Type').fill('book.created')
  await page.getByRole('button', { name: 'Show', exact: true }).click()

  await expect(page).toHaveURL(/type=book\.created/)
  const rows = page.getByRole('table').getByRole('row')
  await expect(rows).toHaveCount(2)
  await expect(rows.last()).toContainText('Xenia')
  await rows.last().getByRole('button', { name: 'book.created' }).click()
  const dialog = page.getByRole('dialog', { name: 'book.created' })
  await expect(dialog).toContainText('"title": "Sanditon"')
  await page.keyboard.press('Escape')
  await expect(rows.last().getByRole('button', { name: 'book.created' })).toBeFocused()

  await page.getByLabel('Before').fill('2020-01-01T10:00')
  await page.getByRole('button', { name: 'Show', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'No events' })).toBeVisible()
  await page.getByRole('main').getByRole('link', { name: 'Show all events' }).first().click()
  await expect(page).toHaveURL('/admin/events')
})

test('who is no administrator finds nothing there', async ({ community, signedIn }) => {
  const page = await signedIn(await community.register('Yann'))
  await page.goto('/admin/members')
  await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible()
})
