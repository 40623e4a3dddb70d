import { configure, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useForm } from 'react-hook-form'
import { expect, it, vi } from 'vitest'
import { renderPage } from '@/test/render'
import { TagsField } from './comboboxes'
import { Form } from './Form'

// Lists take their time in jsdom.
vi.setConfig({ testTimeout: 30_000 })
configure({ asyncUtilTimeout: 10_000 })

const suggestions = ['Novel', 'Théâtre', 'Science fiction', 'Renovation']

async function open(categories: string[] = []) {
  const onSubmit = vi.fn()
  const Page = () => {
    const form = useForm({ defaultValues: { categories } })
    return (
      <Form form={form} onSubmit={onSubmit}>
        <TagsField name="categories" label="Categories" suggestions={suggestions} maxLength={60} />
      </Form>
    )
  }
  await renderPage(<Page />)
  // Behind an open list as well: Base UI hides it there from screen readers.
  const chosen = () =>
    screen.queryAllByRole('button', { name: /^Remove /, hidden: true }).map((it) => it.getAttribute('aria-label'))
  return { input: screen.getByRole('combobox', { name: 'Categories' }), chosen, onSubmit }
}

it('takes the suggestion on Enter, not the letters that were typed', async () => {
  const { input, chosen, onSubmit } = await open()
  await userEvent.type(input, 'nov')
  const [first, last] = await screen.findAllByRole('option')
  expect([first?.textContent, last?.textContent]).toEqual(['Novel', 'Create “nov”'])
  await waitFor(() => expect(first).toHaveProperty('dataset.highlighted', ''))
  await userEvent.keyboard('{Enter}')
  expect(chosen()).toEqual(['Remove Novel'])
  expect(onSubmit).not.toHaveBeenCalled()
})

it('makes a new one of the last line', async () => {
  const { input, chosen } = await open()
  await userEvent.type(input, 'nov')
  await screen.findAllByRole('option')
  await userEvent.keyboard('{ArrowDown}{Enter}')
  await waitFor(() => expect(chosen()).toEqual(['Remove nov']))
})

it('takes what was typed after Escape, at a comma, and when the box is left', async () => {
  const { input, chosen } = await open()
  await userEvent.type(input, 'nov')
  await screen.findAllByRole('option')
  await userEvent.keyboard('{Escape}')
  expect(input).toHaveProperty('value', 'nov')
  await userEvent.keyboard('{Enter}')
  await userEvent.type(input, 'sci,')
  await userEvent.type(input, 'NOVEL')
  await screen.findAllByRole('option')
  await userEvent.tab()
  expect(chosen()).toEqual(['Remove nov', 'Remove sci', 'Remove Novel'])
})

it('knows a category without its accents, and adds none twice', async () => {
  const { input, chosen } = await open()
  await userEvent.type(input, 'THEATRE,')
  await userEvent.type(input, 'theatre{Enter}')
  expect(chosen()).toEqual(['Remove Théâtre'])
  expect(input).toHaveProperty('value', '')
})

it('keeps what is chosen when Escape is pressed once more', async () => {
  const { input, chosen } = await open(['Novel'])
  await userEvent.type(input, '{Escape}{Escape}')
  expect(chosen()).toEqual(['Remove Novel'])
})
