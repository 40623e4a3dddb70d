import { fireEvent, render, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useState, type ReactNode } from 'react'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { keepFocus } from './keep-focus'

beforeAll(keepFocus)
afterEach(async () => {
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
  await Promise.resolve()
})

const focused = () => document.activeElement?.textContent

function Page({ children }: { children: ReactNode }) {
  return (
    <main>
      <h1>Books</h1>
      {children}
    </main>
  )
}

/** Each button removes its item. */
function List() {
  const [titles, setTitles] = useState(['Emma', 'Maurice', 'Passages'])
  if (titles.length === 0) return <p>Nothing left</p>
  return (
    <ul>
      {titles.map((title) => (
        <li key={title}>
          <button onClick={() => setTitles(titles.filter((other) => other !== title))}>{title}</button>
        </li>
      ))}
    </ul>
  )
}

function Step({ done, after }: { done: ReactNode; after?: (done: boolean) => ReactNode }) {
  const [isDone, setDone] = useState(false)
  return (
    <>
      <section>
        <h2>Status</h2>
        {isDone ? done : <button onClick={() => setDone(true)}>Do it</button>}
      </section>
      {after?.(isDone)}
    </>
  )
}

describe('the focus of what disappears', () => {
  it('goes to the neighbour in a list, and to the heading after the last', async () => {
    render(
      <Page>
        <List />
      </Page>,
    )
    await userEvent.click(screen.getByText('Maurice'))
    await waitFor(() => expect(focused()).toBe('Passages'))
    await userEvent.keyboard('{Enter}')
    await waitFor(() => expect(focused()).toBe('Emma'))
    await userEvent.keyboard('{Enter}')
    await waitFor(() => expect(focused()).toBe('Books'))
  })

  it('goes to the heading of its part', async () => {
    render(
      <Page>
        <Step done="Done" />
      </Page>,
    )
    await userEvent.click(screen.getByText('Do it'))
    await waitFor(() => expect(focused()).toBe('Status'))
  })

  it('goes there when its button is disabled', async () => {
    render(
      <Page>
        <Step done={<button disabled>Do it</button>} />
      </Page>,
    )
    await userEvent.click(screen.getByText('Do it'))
    await waitFor(() => expect(focused()).toBe('Status'))
  })

  it('follows a thing that moves elsewhere', async () => {
    const thing = (
      <button id="thing" type="button">
        Thing
      </button>
    )
    function Moving() {
      const [moved, setMoved] = useState(false)
      return (
        <>
          <section>{!moved && thing}</section>
          <section>{moved && thing}</section>
          <button onClick={() => setMoved(true)}>Move</button>
        </>
      )
    }
    render(<Moving />)
    const before = screen.getByText('Thing')
    before.focus()
    fireEvent.click(screen.getByText('Move'))
    await waitFor(() => expect(focused()).toBe('Thing'))
    expect(document.activeElement).not.toBe(before)
  })

  it('stays inside what is open over the page', async () => {
    render(
      <>
        <Page>{null}</Page>
        <div role="dialog" tabIndex={-1} aria-label="Newest">
          <Step done="Done" />
        </div>
      </>,
    )
    await userEvent.click(screen.getByText('Do it'))
    await waitFor(() => expect(screen.getByRole('dialog').contains(document.activeElement)).toBe(true))
  })

  it('is left alone where somebody else takes it, or where it was given up before', async () => {
    const taking = (done: boolean) => done && <input aria-label="Next" ref={(field) => field?.focus()} />
    const { unmount } = render(
      <Page>
        <Step done="Done" after={taking} />
      </Page>,
    )
    await userEvent.click(screen.getByText('Do it'))
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(document.activeElement).toBe(screen.getByLabelText('Next'))
    unmount()

    render(
      <Page>
        <Step done="Done" />
      </Page>,
    )
    const button = screen.getByText('Do it')
    button.focus()
    await userEvent.click(screen.getByText('Books'))
    expect(document.activeElement).toBe(document.body)
    fireEvent.click(button)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(document.activeElement).toBe(document.body)
  })
})
