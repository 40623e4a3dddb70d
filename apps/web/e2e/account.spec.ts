import { linkIn, type Member, PASSWORD } from './community'
import { expect, type Page, test } from './fixtures'
import { settled } from './inspect'

const NEW_PASSWORD = 'another horse battery'

async function logIn(page: Page, { email }: Pick<Member, 'email'>, password: string) {
  await page.getByLabel('Mail address').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('main').getByRole('button', { name: 'Log in' }).click()
}

test('somebody joins, is led back to where they were, and confirms their address by the link of the mail', async ({
  visitor,
  community,
}) => {
  const page = await visitor()
  const email = `nora.${process.pid}.${Date.now()}@example.org`
  await page.goto('/account/profile')
  await page.getByRole('link', { name: 'Join Folkshelf' }).click()
  await page.getByLabel('Your name').fill('Nora')
  await page.getByLabel('Mail address').fill(email)
  await page.getByLabel('Password', { exact: true }).fill('too short')
  await page.getByRole('button', { name: 'Join', exact: true }).click()
  await expect(page.getByText('At least 10 characters, please.')).toBeVisible()
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Join', exact: true }).click()

  await expect(page).toHaveURL('/account/profile')
  await expect(page.getByText('Your mail address is not confirmed yet.')).toBeVisible()
  // What the browser knows was told to the profile.
  await expect(async () => {
    await page.reload()
    await expect(page.getByLabel('Time zone')).toHaveValue('Europe / Paris', { timeout: 1000 })
  }).toPass()

  const mail = await community.mail({ email }, 'verify-email')
  await page.goto(linkIn(mail, 'verify-email'))
  await expect(page.getByRole('heading', { name: 'Your mail address is confirmed' })).toBeVisible()
  await page.goto('/account/profile')
  await expect(page.getByText('confirmed', { exact: true })).toBeVisible()
})

test('a link that was used says so in plain words', async ({ visitor, community, troubles }) => {
  const member = await community.register('Ines')
  const link = linkIn(await community.mail(member, 'verify-email'), 'verify-email')
  const page = await visitor()
  // Whoever is not logged in chooses the password: the account may have been opened by somebody else.
  troubles.expect(/400/)
  await page.goto(link)
  await page.getByLabel('Password', { exact: true }).fill(NEW_PASSWORD)
  await page.getByRole('button', { name: 'Save the password' }).click()
  await expect(page.getByRole('heading', { name: 'Your mail address is confirmed' })).toBeVisible()
  await page.goto(link)
  await expect(page.getByRole('heading', { name: 'This link no longer works' })).toBeVisible()
})

test('a wrong password is refused; a forgotten one is replaced by the link of a mail', async ({
  visitor,
  community,
  troubles,
}) => {
  const member = await community.register('Otto')
  const page = await visitor()
  troubles.expect(/401/)
  await page.goto('/login')
  await logIn(page, member, 'not my password')
  await expect(page.getByRole('alert')).toHaveText('The mail address or the password is wrong.')

  await page.getByRole('link', { name: 'Forgot your password?' }).click()
  // The page before it has such a field too.
  await expect(page.getByRole('heading', { name: 'Forgot your password?' })).toBeVisible()
  await page.getByLabel('Mail address').fill(member.email)
  await page.getByRole('button', { name: 'Send the mail' }).click()
  await expect(page.getByRole('heading', { name: 'Look into your mail' })).toBeFocused()

  await page.goto(linkIn(await community.mail(member, 'reset-password'), 'reset-password'))
  await page.getByLabel('New password').fill(NEW_PASSWORD)
  await page.getByRole('button', { name: 'Save the password' }).click()
  await expect(page.getByRole('heading', { name: 'Your password is changed' })).toBeVisible()
  await page.getByRole('main').getByRole('link', { name: 'Log in' }).click()
  await logIn(page, member, NEW_PASSWORD)
  await expect(page.getByRole('button', { name: 'Account of Otto' })).toBeVisible()
})

test('changing the password ends the other sessions', async ({ signedIn, community, troubles }) => {
  const member = await community.register('Pia')
  const [here, there] = [await signedIn(member), await signedIn(member)]
  await there.goto('/account/profile')
  await expect(there.getByLabel('Your name')).toHaveValue('Pia')

  troubles.expect(/401/, /403/, /notifications\/stream/)
  await here.goto('/account/password')
  await here.getByLabel('Present password').fill('not my password')
  await here.getByLabel('New password').fill(NEW_PASSWORD)
  await here.getByRole('button', { name: 'Change the password' }).click()
  await expect(here.getByText('The password is wrong.')).toBeVisible()
  await here.getByLabel('Present password').fill(PASSWORD)
  await here.getByRole('button', { name: 'Change the password' }).click()
  await expect(here.getByText('Your password is changed. Other devices are logged out.')).toBeVisible()

  await there.getByLabel('Where you are').fill('Behind the church')
  await there.getByRole('button', { name: 'Save' }).click()
  await expect(there.getByRole('dialog', { name: 'Please log in again' })).toBeVisible()
  await here.goto('/account/sessions')
  await expect(here.getByText('this device')).toBeVisible()
  await expect(here.getByRole('main').getByRole('listitem')).toHaveCount(1)
})

test('a session ends while a form is half filled: nothing that was typed is lost', async ({
  signedIn,
  community,
  troubles,
}) => {
  const member = await community.register('Rosa')
  const page = await signedIn(member)
  await page.goto('/account/profile')
  await page.getByRole('textbox', { name: /^About you/ }).fill('I read at night.')

  // From another browser, "log out there".
  troubles.expect(/401/, /notifications\/stream/)
  const other = await signedIn(member, { wide: true })
  await other.goto('/account/sessions')
  await settled(other)
  const sessions = other.getByRole('main').getByRole('listitem')
  // Registered over the API, two browsers.
  await expect(sessions).toHaveCount(3)
  await expect(sessions.first()).toContainText('this device')
  for (let left = 2; left > 0; left -= 1) {
    await other
      .getByRole('button', { name: /^Log out there/ })
      .first()
      .click()
    await expect(sessions).toHaveCount(left)
  }

  await page.getByLabel('Where you are').fill('Third floor')
  await page.getByRole('button', { name: 'Save' }).click()
  const dialog = page.getByRole('dialog', { name: 'Please log in again' })
  await dialog.getByLabel('Password', { exact: true }).fill('not my password')
  await dialog.getByRole('button', { name: 'Log in' }).click()
  await expect(dialog.getByText('The password is wrong.')).toBeVisible()
  await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await dialog.getByRole('button', { name: 'Log in' }).click()
  await expect(dialog).toBeHidden()
  await expect(page.getByText('Your profile is saved.')).toBeVisible()
  await page.reload()
  await expect(page.getByRole('textbox', { name: /^About you/ })).toHaveValue('I read at night.')
  await expect(page.getByLabel('Where you are')).toHaveValue('Third floor')
})

test('a member logs out everywhere else', async ({ signedIn, community }) => {
  const member = await community.register('Mina')
  const here = await signedIn(member)
  await signedIn(member)
  await here.goto('/account/sessions')
  const sessions = here.getByRole('main').getByRole('listitem')
  await expect(sessions).toHaveCount(3)
  await here.getByRole('button', { name: 'Log out everywhere else' }).click()
  await expect(here.getByText('Logged out on 2 other devices.')).toBeVisible()
  await expect(sessions).toHaveCount(1)
  await here.reload()
  await expect(sessions).toHaveCount(1)
  await expect(sessions.first()).toContainText('this device')
})

test('a member shows their place to other members, and hides it again', async ({ signedIn, community }) => {
  const [member, neighbour] = [await community.register('Nell'), await community.register('Otto')]
  const page = await signedIn(member)
  const seen = async () => {
    const { data } = await neighbour.api.GET('/api/v1/users/{id}', { params: { path: { id: member.id } } })
    return data?.data.location ?? null
  }
  const save = async () => {
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.getByText('Your profile is saved.').last()).toBeVisible()
  }
  await page.goto('/account/profile')
  await page.getByLabel('Where you are').fill('12 Mill Lane')
  await save()
  expect(await seen()).toBeNull()
  await page.getByLabel('Show this place to other members').check()
  await save()
  await expect.poll(seen).toBe('12 Mill Lane')
  await page.reload()
  await expect(page.getByLabel('Show this place to other members')).toBeChecked()
})

test('the language of the profile is spoken wherever its member logs in', async ({ visitor, community }) => {
  const member = await community.register('Zoé')
  const page = await visitor()
  await page.goto('/login')
  await logIn(page, member, PASSWORD)
  await page.getByRole('button', { name: 'Account of Zoé' }).click()
  await page.getByRole('menuitemradio', { name: 'Français' }).click()
  await expect(page.locator('html')).toHaveAttribute('lang', 'fr')
  await expect(async () => {
    const { data } = await member.api.GET('/api/v1/profile')
    expect(data?.data.language).toBe('fr')
  }).toPass()

  const elsewhere = await visitor()
  await elsewhere.goto('/login')
  await expect(elsewhere.locator('html')).toHaveAttribute('lang', 'en')
  await logIn(elsewhere, member, PASSWORD)
  await expect(elsewhere.locator('html')).toHaveAttribute('lang', 'fr')
})

test('an account is deleted with its books, but not while one of them is out', async ({
  signedIn,
  community,
  troubles,
}) => {
  const [member, neighbour] = [await community.register('Theo'), await community.register('Vera')]
  const book = await community.book(member, 'Persuasion')
  const asked = await community.asks(neighbour, book)
  const approved = await community.step(member, asked, 'approve', {})
  await community.step(member, approved, 'hand-over', {})

  const page = await signedIn(member)
  await page.goto('/account/delete')
  const remove = async (password: string) => {
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Delete my account' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete for good' }).click()
  }
  troubles.expect(/400/, /401/, /404/, /notifications\/stream/)
  // Said before anything is asked, with the way to end it.
  const main = page.getByRole('main')
  await expect(main.getByRole('heading', { name: 'One loan is still open.' })).toBeVisible()
  await expect(main.getByText('Lent to Vera')).toBeVisible()
  await expect(page.getByLabel('Password', { exact: true })).toBeHidden()
  await main.getByRole('link', { name: 'Persuasion' }).click()
  await expect(page).toHaveURL(`/loans/${asked.id}`)
  await community.step(member, approved, 'return', { condition: 'ok' })
  await page.goto('/account/delete')
  await remove('not my password')
  await expect(page.getByText('The password is wrong.')).toBeVisible()
  await remove(PASSWORD)
  await expect(page).toHaveURL('/')
  await expect(page.getByText('Your account is deleted. Farewell!')).toBeVisible()
  await expect(page.getByRole('banner').getByRole('link', { name: 'Log in' })).toBeVisible()
  await page.goto(`/books/${book.id}`)
  await expect(page.getByRole('main')).not.toContainText('Persuasion')
})

test('a calendar has a secret address, shown once, and a loan gives its day as a file', async ({
  signedIn,
  community,
}) => {
  const [owner, reader] = [await community.register('Odile'), await community.register('Petra')]
  const asked = await community.asks(reader, await community.book(owner, 'Persuasion'))
  await community.step(owner, asked, 'approve', {})
  const page = await signedIn(reader)
  await page.goto('/account/calendar')
  await page.getByRole('button', { name: 'Make the address' }).click()
  const shown = page.getByRole('textbox', { name: 'Address of your calendar' })
  await expect(shown).toBeFocused()
  const address = await shown.inputValue()
  const days = async () => await page.request.get(new URL(address).pathname + new URL(address).search)
  expect(await (await days()).text()).toContain('Persuasion')
  await page.getByRole('button', { name: 'I have kept it' }).click()
  await expect(page.getByText('Your calendar has had a secret address since')).toBeVisible()
  expect(await page.content()).not.toContain(address)
  await page.getByRole('button', { name: 'End the address' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'End the address' }).click()
  await expect(page.getByRole('button', { name: 'Make the address' })).toBeVisible()
  expect((await days()).status()).toBe(404)

  await page.goto(`/loans/${asked.id}`)
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Add the day to my calendar' }).click()
  const file = await (await download).createReadStream()
  let text = ''
  for await (const piece of file) text += String(piece)
  expect(text.replaceAll('\r\n ', '')).toContain('SUMMARY:Last day to pick up “Persuasion” from Odile')
})

test('a key is made, shown once, works for a program, and is refused once it has ended', async ({
  signedIn,
  community,
  troubles,
}) => {
  const member = await community.register('Petra')
  const page = await signedIn(member)
  await page.goto('/account/api-keys')
  await page.getByRole('button', { name: 'Make a key' }).click()
  await page.getByLabel('Name').fill('Scanner')
  // A member's role permits no more than that.
  await expect(page.getByRole('checkbox')).toHaveCount(2)
  await page.getByLabel('list, change and delete books of yours').check()
  await page.getByLabel('Present password').fill('not my password')
  troubles.expect(/403/)
  await page.getByRole('button', { name: 'Make the key' }).click()
  await expect(page.getByText('The password is wrong.')).toBeVisible()
  await page.getByLabel('Present password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Make the key' }).click()
  const shown = page.getByRole('textbox', { name: 'Key' })
  // Enter does not close what is shown this once.
  await expect(shown).toBeFocused()
  const key = await shown.inputValue()
  expect(key).toMatch(/^fsk_[0-9A-Za-z]{49}$/)

  const list = (headers: Record<string, string>) =>
    page.request.post('/api/v1/books', {
      headers,
      data: { title: 'Emma', authors: ['Jane Austen'], lending: 'lend' },
    })
  expect((await list({ 'x-api-key': key })).status()).toBe(201)

  await page.keyboard.press('Escape')
  const question = page.getByRole('alertdialog', { name: 'Close without keeping the key?' })
  await question.getByRole('button', { name: 'Cancel' }).click()
  await expect(question).toBeHidden()
  await expect(shown).toHaveValue(key)
  await page.getByRole('button', { name: 'I have kept it' }).click()
  await expect(page.getByText('Scanner', { exact: true })).toBeVisible()
  await expect(page.getByText(`${key.slice(0, 8)}…`)).toBeVisible()
  await page.reload()
  await expect(page.getByText('Scanner', { exact: true })).toBeVisible()
  expect(await page.content()).not.toContain(key)

  await page.getByRole('button', { name: 'End the key: Scanner' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'End the key' }).click()
  await expect(page.getByRole('heading', { name: 'You have no keys' })).toBeVisible()
  expect((await list({ 'x-api-key': key })).status()).toBe(401)
})
