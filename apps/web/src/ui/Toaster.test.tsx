import { screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { renderPage } from '@/test/render'
import { toast, unsaid } from './toast'
import Toaster from './Toaster'

beforeEach(() => unsaid.set([]))

describe('the toaster', () => {
  it('says what was said before it came, and what is said while it comes', async () => {
    toast({ text: 'first' })
    const shown = renderPage(<Toaster />)
    toast({ text: 'second' })
    await shown
    expect(await screen.findByText('first')).toBeTruthy()
    expect(await screen.findByText('second')).toBeTruthy()
    expect(unsaid.get()).toEqual([])
  })

  it('does what a message offers', async () => {
    await renderPage(<Toaster />)
    const run = vi.fn()
    toast({ text: 'A new version is ready.', timeout: 0, action: { label: 'Reload', run } })
    await userEvent.click(await screen.findByText('Reload'))
    expect(run).toHaveBeenCalledOnce()
  })
})
