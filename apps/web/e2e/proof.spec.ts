import { linkIn, PASSWORD } from './community'
import { expect, test } from './fixtures'
import { another } from './host'

/** A host that wants addresses proved first, on the data of the others. */
let host: Awaited<ReturnType<typeof another>>
test.beforeAll(async () => {
  host = await another({ FOLKSHELF_ACCOUNTS__PROOF: 'required' })
})
test.afterAll(() => host.end())

test('somebody joins where addresses are proved first: the mail opens the account', async ({
  visitor,
  community,
  troubles,
}) => {
  const page = await visitor()
  const email = `nell.${process.pid}.${Date.now()}@example.org`
  await page.goto(`${host.url}/register`)
  await page.getByLabel('Your name').fill('Nell')
  await page.getByLabel('Mail address').fill(email)
  await expect(page.getByLabel('Password', { exact: true })).toBeHidden()
  await page.getByRole('button', { name: 'Join', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'Look into your mail' })).toBeFocused()
  await expect(page.getByText(email)).toBeVisible()
  await page.getByRole('button', { name: 'Send the mail again' }).click()
  await expect(page.getByText(/The mail is sent again, unless/).first()).toBeVisible()

  // There is no account before the link is opened, and the page cannot know without asking.
  troubles.expect(/400/)
  await page.goto(host.url + linkIn(await community.mail({ email }, 'verify-email'), 'verify-email'))
  await expect(page.getByRole('heading', { name: 'Choose a password' })).toBeVisible()
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Save the password' }).click()
  await expect(page.getByRole('heading', { name: 'Your mail address is confirmed' })).toBeFocused()
  await page.getByRole('main').getByRole('link', { name: 'Log in' }).click()
  await expect(page.getByLabel('Mail address')).toHaveValue(email)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('main').getByRole('button', { name: 'Log in' }).click()
  await expect(page.getByRole('button', { name: 'Account of Nell' })).toBeVisible()
})

test('an account of older days is proved before it logs in, and whoever reads the mail chooses the password', async ({
  visitor,
  community,
  troubles,
}) => {
  // Over the host that proves addresses later.
  const member = await community.register('Otis')
  const page = await visitor()
  troubles.expect(/403/, /400/)
  await page.goto(`${host.url}/login`)
  await page.getByLabel('Mail address').fill(member.email)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('main').getByRole('button', { name: 'Log in' }).click()
  await expect(page.getByRole('heading', { name: 'Confirm your mail address' })).toBeFocused()
  await page.getByRole('button', { name: 'Send the mail again' }).click()
  await expect(page.getByRole('heading', { name: 'Look into your mail' })).toBeVisible()

  await page.goto(host.url + linkIn(await community.mail(member, 'verify-email'), 'verify-email'))
  await page.getByLabel('Password', { exact: true }).fill('another horse battery')
  await page.getByRole('button', { name: 'Save the password' }).click()
  await expect(page.getByRole('heading', { name: 'Your mail address is confirmed' })).toBeVisible()
  await page.getByRole('main').getByRole('link', { name: 'Log in' }).click()
  await page.getByLabel('Password', { exact: true }).fill('another horse battery')
  await page.getByRole('main').getByRole('button', { name: 'Log in' }).click()
  await expect(page.getByRole('button', { name: 'Account of Otis' })).toBeVisible()
})
