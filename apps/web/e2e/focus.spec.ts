import { expect, test } from './fixtures'
import { settled } from './inspect'

test('the focus goes on where its button goes away', async ({ community, signedIn }) => {
  const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
  // One each: what one member asks within an hour is told as one.
  const [ines, kaya] = [await community.register('Ines'), await community.register('Kaya')]
  await community.asks(finn, await community.book(olga, 'Emma'))
  await community.asks(ines, await community.book(olga, 'Maurice'))
  await community.asks(kaya, await community.book(olga, 'Passages'))
  const page = await signedIn(olga, { wide: true })
  const press = async (name: RegExp | string) => {
    const button = page.getByRole('button', { name }).filter({ visible: true }).first()
    await button.focus()
    await page.keyboard.press('Enter')
  }

  await test.step('in what opens over the page', async () => {
    await page.goto('/loans')
    await press(/^Notifications, 3 unread/)
    const popover = page.getByRole('dialog', { name: 'Notifications' })
    await expect(popover.getByRole('link')).toHaveCount(4)
    await press('Mark all as read')
    await expect(popover.getByRole('button', { name: 'Mark all as read' })).toBeHidden()
    await settled(page)
    await expect(popover).toBeVisible()
    await expect(popover.locator(':focus').or(popover.and(page.locator(':focus')))).toHaveCount(1)
  })

  await test.step('in a list', async () => {
    await page.goto('/notifications')
    const rows = page.getByRole('main').getByRole('listitem').getByRole('link')
    await expect(rows).toHaveCount(3)
    await press(/^Delete.*Maurice/)
    await expect(rows).toHaveCount(2)
    await expect(page.locator(':focus')).toHaveAccessibleName(/Emma/)
    await press(/^Delete.*Emma/)
    await expect(page.locator(':focus')).toHaveAccessibleName(/Passages/)
    await press(/^Delete.*Passages/)
    await expect(page.getByRole('heading', { level: 1 })).toBeFocused()
  })

  await test.step('among the devices', async () => {
    await community.logIn(olga.email, olga.password)
    await page.goto('/account/sessions')
    const others = page.getByRole('main').getByRole('button', { name: /^End|^Log out/ })
    await expect(others.first()).toBeVisible()
    await others.first().focus()
    await page.keyboard.press('Enter')
    await settled(page)
    await expect(page.locator('main :focus')).toHaveCount(1)
  })
})

test('what is typed in a dialog of the list stays while another request comes', async ({ community, signedIn }) => {
  const [olga, finn, greta] = [
    await community.register('Olga'),
    await community.register('Finn'),
    await community.register('Greta'),
  ]
  const emma = await community.book(olga, 'Emma')
  await community.asks(finn, emma)
  const page = await signedIn(olga)
  await page.goto('/loans')
  await page.getByRole('button', { name: 'Agree' }).click()
  const dialog = page.getByRole('dialog', { name: /Finn/ })
  await dialog.getByRole('textbox', { name: 'Where' }).fill('At the blue gate')
  await community.asks(greta, emma)
  await expect(page.getByText('Waiting in line').or(page.getByText('Greta'))).not.toHaveCount(0)
  await expect(dialog.getByRole('textbox', { name: 'Where' })).toHaveValue('At the blue gate')
  await dialog.getByRole('button', { name: 'Agree' }).click()
  await expect(dialog).toBeHidden()
  await settled(page)
  await expect(page.locator('main :focus')).toHaveCount(1)
})

test('a step taken in the list leaves the focus in the list', async ({ community, signedIn }) => {
  const [olga, finn] = [await community.register('Olga'), await community.register('Finn')]
  const lent = await community.asks(finn, await community.book(olga, 'Persuasion'))
  await community.step(olga, lent, 'approve', {})
  await community.step(olga, lent, 'hand-over', {})
  await community.step(finn, lent, 'declare-return', {})
  await community.asks(finn, await community.book(olga, 'Emma'))
  const page = await signedIn(olga)
  await page.goto('/loans')
  for (const [button, submit] of [
    ['I have it back', 'Confirm'],
    ['Agree', 'Agree'],
  ] as const) {
    await page
      .getByRole('main')
      .getByRole('button', { name: new RegExp(`^${button}`) })
      .first()
      .focus()
    await page.keyboard.press('Enter')
    // What is said of the step before is a dialog, too.
    const dialog = page.getByRole('dialog').filter({ has: page.getByRole('button', { name: submit }) })
    await expect(dialog).toBeVisible()
    if (button === 'Agree') await dialog.getByRole('checkbox').check()
    await dialog.getByRole('button', { name: submit }).focus()
    await page.keyboard.press('Enter')
    await expect(dialog).toBeHidden()
    await settled(page)
    await expect(page.locator('main :focus')).toHaveCount(1)
  }
})
