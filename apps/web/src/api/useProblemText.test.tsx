import { render, screen } from '@testing-library/react'
import { expect, it } from 'vitest'
import { i18n, startI18n } from '@/i18n/i18n'
import { ApiProblem, NetworkProblem } from './problem'
import { useProblemText } from './useProblemText'

const refused = (code: string, status: number) => new ApiProblem({ code, status, message: code.toLowerCase() })

function Said({ error }: { error: unknown }) {
  return <p>{useProblemText()(error)}</p>
}

it('says at once what the first load has words for, and a refusal once its words are there', async () => {
  await startI18n('en')
  expect(i18n.hasResourceBundle('en', 'refusals')).toBe(false)
  render(
    <>
      <Said error={new NetworkProblem('no line')} />
      <Said error={refused('NOT_FOUND', 404)} />
      <Said error={refused('OWN_BOOK', 409)} />
    </>,
  )
  screen.getByText('Folkshelf cannot be reached. Check your connection and try again.')
  screen.getByText('There is nothing here.')
  screen.getByText('Things have changed meanwhile. You now see how they stand.')
  await screen.findByText('This is your own book.')
})

it('says in general what happened when the host knows a code that the app does not', async () => {
  await startI18n('en')
  render(<Said error={refused('NEW_HERE', 422)} />)
  screen.getByText('Something went wrong on our side. Please try again.')
})
