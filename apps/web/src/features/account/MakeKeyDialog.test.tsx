import { screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useState } from 'react'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { session } from '@/api/session'
import { fakeHost, refusal, success } from '@/test/host'
import { renderPage } from '@/test/render'
import Toaster from '@/ui/Toaster'
import { MakeKeyDialog } from './MakeKeyDialog'

const PASSWORD = 'correct horse battery'
const KEY = `fsk_${'Ab3dEf6hIj'.repeat(4)}Kl9000000`

// jsdom draws nothing: all of it can be seen.
beforeAll(() => {
  HTMLElement.prototype.checkVisibility ??= () => true
})

function Page() {
  const [open, setOpen] = useState(true)
  return (
    <>
      <MakeKeyDialog open={open} onOpenChange={setOpen} />
      <Toaster />
    </>
  )
}

async function makeKey() {
  const created = { id: 'key', name: 'Scanner', beginning: 'fsk_Ab3d', scopes: [], key: KEY }
  fakeHost({ 'POST /api/v1/auth/api-keys': () => success(created, 201) })
  session.start()
  const { queries } = await renderPage(<Page />, { words: 'account' })
  await userEvent.type(screen.getByRole('textbox', { name: 'Name' }), 'Scanner')
  await userEvent.type(screen.getByLabelText('Present password', { selector: 'input' }), PASSWORD)
  await userEvent.click(screen.getByRole('button', { name: 'Make the key' }))
  return { queries, shown: await screen.findByRole<HTMLTextAreaElement>('textbox', { name: 'Key' }) }
}

function clipboard(writeText: (text: string) => Promise<void>) {
  Object.defineProperty(navigator, 'clipboard', { value: { writeText }, configurable: true })
}

const dialog = () => screen.queryByRole('dialog', { name: /^(Make a|Your new) key$/, hidden: true })

describe('a new key', () => {
  it('is not lost by a slip of the finger: leaving asks first', async () => {
    const { shown } = await makeKey()
    await userEvent.keyboard('{Escape}')
    const question = await screen.findByRole('alertdialog', { name: 'Close without keeping the key?' })
    expect(question).toBeTruthy()
    await userEvent.click(screen.getByRole('button', { name: 'Cancel' }))
    await waitFor(() => expect(screen.queryByRole('alertdialog')).toBeNull())
    expect(shown.value).toBe(KEY)
    await userEvent.keyboard('{Escape}')
    await userEvent.click(await screen.findByRole('button', { name: 'Close all the same' }))
    await waitFor(() => expect(dialog()).toBeNull())
  })

  it('is kept nowhere once its member says that they have it', async () => {
    const { queries } = await makeKey()
    await userEvent.click(screen.getByRole('button', { name: 'I have kept it' }))
    await waitFor(() => expect(dialog()).toBeNull())
    await waitFor(() =>
      expect(
        JSON.stringify(
          queries
            .getMutationCache()
            .getAll()
            .map(({ state }) => state),
        ),
      ).not.toContain(KEY),
    )
  })

  it('is left without a question once it is copied', async () => {
    const writeText = vi.fn<(text: string) => Promise<void>>().mockResolvedValue()
    clipboard(writeText)
    await makeKey()
    await userEvent.click(screen.getByRole('button', { name: 'Copy' }))
    expect(writeText).toHaveBeenCalledWith(KEY)
    await screen.findByText('The key is copied.')
    await userEvent.keyboard('{Escape}')
    await waitFor(() => expect(dialog()).toBeNull())
  })

  it('is selected, and its member told, where the browser does not copy', async () => {
    clipboard(() => Promise.reject(new DOMException('no', 'NotAllowedError')))
    const { shown } = await makeKey()
    await userEvent.click(screen.getByRole('button', { name: 'Copy' }))
    await waitFor(() => expect(screen.getAllByText(/could not be copied/)).not.toEqual([]))
    expect(document.activeElement).toBe(shown)
    expect(shown.selectionEnd).toBe(KEY.length)
    await userEvent.keyboard('{Escape}')
    await screen.findByRole('alertdialog')
  })

  it('is made by whoever knows the password alone', async () => {
    const host = fakeHost({
      'POST /api/v1/auth/api-keys': () =>
        refusal(403, 'WRONG_PASSWORD', [{ field: 'currentPassword', message: 'is not your password' }]),
    })
    session.start()
    await renderPage(<Page />, { words: 'account' })
    await userEvent.type(screen.getByRole('textbox', { name: 'Name' }), 'Scanner')
    const password = screen.getByLabelText('Present password', { selector: 'input' })
    await userEvent.type(password, 'not my password')
    await userEvent.click(screen.getByRole('button', { name: 'Make the key' }))
    await screen.findByText('The password is wrong.')
    expect(document.activeElement).toBe(password)
    expect(host.sent.at(-1)?.body).toMatchObject({ name: 'Scanner', currentPassword: 'not my password' })
  })
})
