import { PASSWORD } from './community'
import { expect, test } from './fixtures'
import { host } from './host'

/** A name for the host that browsers do not count as secure, unlike 127.0.0.1: no locks between tabs, as in a home network. */
const NAME = 'shelf.test'

test.use({
  launchOptions: async ({ launchOptions }, provide) => {
    await provide({
      ...launchOptions,
      args: [...(launchOptions.args ?? []), `--host-resolver-rules=MAP ${NAME} 127.0.0.1`],
    })
  },
})

test('on plain HTTP two tabs renew their session at once and stay logged in, also when an answer gets lost', async ({
  visitor,
  community,
  troubles,
}) => {
  // What browsers say of a header that needs HTTPS.
  troubles.expect(/Cross-Origin-Opener-Policy/)
  const member = await community.register('Pim')
  const url = host().url.replace('127.0.0.1', NAME)
  const one = await visitor()
  await one.goto(`${url}/login`)
  expect(await one.evaluate(() => [isSecureContext, 'locks' in navigator])).toEqual([false, false])
  await one.getByLabel('Mail address').fill(member.email)
  await one.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await one.getByRole('main').getByRole('button', { name: 'Log in' }).click()
  const account = { name: 'Account of Pim' }
  await expect(one.getByRole('button', account)).toBeVisible()

  const other = await one.context().newPage()
  await other.goto(`${url}/account/sessions`)
  for (let round = 0; round < 4; round += 1) {
    // Each page asks for a new pair of tokens when it is loaded.
    await Promise.all([one.reload(), other.reload()])
    await expect(one.getByRole('button', account)).toBeVisible()
    await expect(other.getByText('this device')).toBeVisible()
  }

  troubles.expect(/refresh-token/, /ERR_/)
  await one.route(
    '**/auth/refresh-token',
    async (route) => {
      const cookies = await one.context().cookies(`${url}/api/v1/auth/refresh-token`)
      const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
      // The host exchanges the token; its answer, and the new cookie, reach nobody.
      const exchanged = await fetch(`${host().url}/api/v1/auth/refresh-token`, { method: 'POST', headers: { cookie } })
      expect(exchanged.status).toBe(200)
      await route.abort('connectionreset')
    },
    { times: 1 },
  )
  await one.reload()
  await expect(one.getByRole('button', account)).toBeVisible()
  await other.reload()
  await expect(other.getByText('this device')).toBeVisible()
})
