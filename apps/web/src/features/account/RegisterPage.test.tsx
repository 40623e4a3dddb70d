import { screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { describe, expect, it } from 'vitest'
import { session } from '@/api/session'
import { fakeHost, signedIn, success } from '@/test/host'
import { renderPage } from '@/test/render'
import RegisterPage from './RegisterPage'

const REGISTER = '/api/v1/auth/register'

describe('registering', () => {
  it.each([
    ['en', 'Your name', 'Mail address', 'Password', 'Join'],
    ['fr', 'Votre nom', 'Adresse électronique', 'Mot de passe', 'S’inscrire'],
  ] as const)(
    'in %s tells the host the language of the first mail',
    async (language, name, email, password, submit) => {
      const host = fakeHost({
        [`POST ${REGISTER}`]: () => success(signedIn('token'), 201),
        'GET /api/v1/community': () => success({ proofRequired: false }),
        'PUT /api/v1/profile': () => success({}),
        'GET /api/v1/roles': () => success([]),
      })
      session.start()
      await renderPage(<RegisterPage />, { words: 'account', language, at: '/register' })
      await userEvent.type(screen.getByRole('textbox', { name }), 'Ada')
      await userEvent.type(screen.getByRole('textbox', { name: email }), 'ada@example.org')
      await userEvent.type(await screen.findByLabelText(password, { selector: 'input' }), 'correct horse battery')
      await userEvent.click(screen.getByRole('button', { name: submit }))
      await waitFor(() => expect(host.to(REGISTER)).toHaveLength(1))
      expect(host.to(REGISTER)[0]?.body).toMatchObject({ name: 'Ada', email: 'ada@example.org', language })
    },
  )
})
