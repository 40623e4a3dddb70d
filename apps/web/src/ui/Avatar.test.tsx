import { render } from '@testing-library/react'
import { expect, it } from 'vitest'
import { Avatar } from './Avatar'

it.each([
  ['Ada Lovelace', 'AL'],
  ['  ada ', 'A'],
  ['Zoe\u0308 de la Cruz', 'ZC'],
  ['👩‍🚀 Sally', '👩‍🚀S'],
  ['村上 春樹', '村春'],
  ['', ''],
])('an avatar of %j shows %j', (name, initials) => {
  const { container } = render(<Avatar name={name} />)
  expect(container.textContent).toBe(initials)
})
