import { screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { beforeAll, describe, expect, it } from 'vitest'
import { renderPage } from '@/test/render'
import { ConfirmDialog, Dialog } from './Dialog'

// jsdom draws nothing: all of it can be seen.
beforeAll(() => {
  HTMLElement.prototype.checkVisibility ??= () => true
})

/** Goes once round by Tab; what the keyboard stopped at. */
async function round(role: string, times: number, shift = false): Promise<string[]> {
  const box = screen.getByRole(role)
  await waitFor(() => expect(box.contains(document.activeElement)).toBe(true))
  const stops: string[] = []
  for (let press = 0; press < times; press += 1) {
    await userEvent.tab({ shift })
    const { activeElement } = document
    expect(box.contains(activeElement), `stop ${press + 1}`).toBe(true)
    stops.push(activeElement?.getAttribute('aria-label') ?? activeElement?.textContent ?? '')
  }
  return stops
}

const open = { open: true, onOpenChange: () => {}, title: 'Lend it' }

describe('the keyboard in a dialog', () => {
  it('goes round through its controls alone', async () => {
    await renderPage(
      <Dialog {...open}>
        <input type="radio" name="days" value="7" aria-label="a week" />
        <input type="radio" name="days" value="14" aria-label="two weeks" defaultChecked />
        <textarea aria-label="words" />
      </Dialog>,
    )
    await waitFor(() => expect(screen.getByLabelText('two weeks')).toBe(document.activeElement))
    expect(await round('dialog', 4)).toEqual(['words', 'Close', 'two weeks', 'words'])
    screen.getByLabelText('two weeks').focus()
    expect(await round('dialog', 3, true)).toEqual(['Close', 'words', 'two weeks'])
  })

  it('goes round where something is to be confirmed', async () => {
    await renderPage(<ConfirmDialog {...open} confirm="Yes" onConfirm={() => {}} />)
    expect((await round('alertdialog', 4)).toSorted()).toEqual(['Cancel', 'Cancel', 'Yes', 'Yes'])
  })
})
