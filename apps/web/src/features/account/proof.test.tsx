import { screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { session } from '@/api/session'
import { fakeHost, refusal, signedIn, success } from '@/test/host'
import { renderPage } from '@/test/render'
import LoginPage from './LoginPage'
import RegisterPage from './RegisterPage'
import VerifyEmailPage from './VerifyEmailPage'

const REGISTER = '/api/v1/auth/register'
const RESEND = '/api/v1/auth/resend-proof'
const VERIFY = '/api/v1/auth/verify-email'
const LOGIN = '/api/v1/auth/login'
const ADDRESS = 'ada@example.org'
const PASSWORD = 'correct horse battery'

const nothing = (status: number) => new Response(null, { status })
const rules = (proofRequired: boolean) => ({ 'GET /api/v1/community': () => success({ proofRequired }) })
const password = () => screen.queryByLabelText('Password', { selector: 'input' })

beforeEach(() => session.start())
afterEach(() => {
  session.ended()
  localStorage.clear()
})

describe('where addresses are proved first', () => {
  it('somebody who registers chooses no password yet, and is told to look into the mail', async () => {
    const host = fakeHost({
      ...rules(true),
      [`POST ${REGISTER}`]: () => nothing(202),
      [`POST ${RESEND}`]: () => nothing(202),
    })
    await renderPage(<RegisterPage />, { words: 'account', at: '/register' })
    await screen.findByText(/opens your account/)
    expect(password()).toBeNull()
    await userEvent.type(screen.getByRole('textbox', { name: 'Your name' }), 'Ada')
    await userEvent.type(screen.getByRole('textbox', { name: 'Mail address' }), ADDRESS)
    await userEvent.click(screen.getByRole('button', { name: 'Join' }))
    await screen.findByRole('heading', { name: 'Look into your mail' })
    expect(host.to(REGISTER)[0]?.body).toEqual({ name: 'Ada', email: ADDRESS, language: 'en' })
    expect(session.state().status).toBe('visitor')

    await userEvent.click(screen.getByRole('button', { name: 'Send the mail again' }))
    await waitFor(() => expect(host.to(RESEND).map(({ body }) => body)).toEqual([{ email: ADDRESS }]))

    await userEvent.click(screen.getByRole('button', { name: 'Try another address' }))
    expect(screen.getByRole<HTMLInputElement>('textbox', { name: 'Mail address' }).value).toBe(ADDRESS)
  })

  it('an account that was never proved is offered the mail again when it logs in', async () => {
    const host = fakeHost({
      [`POST ${LOGIN}`]: () => refusal(403, 'EMAIL_NOT_PROVED'),
      [`POST ${RESEND}`]: () => nothing(202),
    })
    await renderPage(<LoginPage />, { words: 'account', at: '/login' })
    await userEvent.type(screen.getByRole('textbox', { name: 'Mail address' }), ADDRESS)
    await userEvent.type(password()!, PASSWORD)
    await userEvent.click(screen.getByRole('button', { name: 'Log in' }))
    await screen.findByRole('heading', { name: 'Confirm your mail address' })
    await userEvent.click(screen.getByRole('button', { name: 'Send the mail again' }))
    await screen.findByRole('heading', { name: 'Look into your mail' })
    expect(host.to(RESEND)[0]?.body).toEqual({ email: ADDRESS })
  })

  it('the address that was confirmed need not be typed again', async () => {
    fakeHost({
      ...rules(true),
      [`POST ${REGISTER}`]: () => nothing(202),
      [`POST ${LOGIN}`]: () => success(signedIn('token')),
    })
    const { unmount } = await renderPage(<RegisterPage />, { words: 'account', at: '/register' })
    await screen.findByText(/opens your account/)
    await userEvent.type(screen.getByRole('textbox', { name: 'Your name' }), 'Ada')
    await userEvent.type(screen.getByRole('textbox', { name: 'Mail address' }), ADDRESS)
    await userEvent.click(screen.getByRole('button', { name: 'Join' }))
    await screen.findByRole('heading', { name: 'Look into your mail' })
    unmount()
    await renderPage(<LoginPage />, { words: 'account', at: '/login' })
    expect(screen.getByRole<HTMLInputElement>('textbox', { name: 'Mail address' }).value).toBe(ADDRESS)
  })

  it('whoever has no account yet is led to join again by a link that no longer works', async () => {
    fakeHost({
      ...rules(true),
      [`POST ${VERIFY}`]: () => refusal(400, 'VALIDATION_ERROR', [{ field: 'token', message: '' }]),
    })
    await renderPage(<VerifyEmailPage />, { words: 'account', at: '/verify-email?token=abc' })
    await waitFor(() =>
      expect(screen.getByRole('link', { name: 'Ask for a new mail' }).getAttribute('href')).toBe('/register'),
    )
  })
})

describe('the link of the mail', () => {
  const choosing = ({ body }: { body: unknown }) => {
    const { newPassword } = body as { newPassword?: string }
    if (!newPassword) return refusal(400, 'VALIDATION_ERROR', [{ field: 'newPassword', message: 'is needed' }])
    return newPassword === PASSWORD ? nothing(204) : refusal(400, 'PASSWORD_TOO_COMMON')
  }

  it('lets a reader who is not logged in choose the password, and leads to log in', async () => {
    const host = fakeHost({ ...rules(false), [`POST ${VERIFY}`]: choosing })
    await renderPage(<VerifyEmailPage />, { words: 'account', at: '/verify-email?token=abc' })
    await screen.findByRole('heading', { name: 'Choose a password' })
    await userEvent.type(password()!, 'password123')
    await userEvent.click(screen.getByRole('button', { name: 'Save the password' }))
    await screen.findByText(/too easy to guess/)
    await userEvent.clear(password()!)
    await userEvent.type(password()!, PASSWORD)
    await userEvent.click(screen.getByRole('button', { name: 'Save the password' }))
    await screen.findByRole('heading', { name: 'Your mail address is confirmed' })
    expect(screen.getByRole('link', { name: 'Log in' }).getAttribute('href')).toBe('/login')
    expect(host.to(VERIFY).at(-1)?.body).toEqual({ token: 'abc', newPassword: PASSWORD })
  })

  it('is opened as whoever is logged in: their password stays', async () => {
    const host = fakeHost({
      'GET /api/v1/roles': () => success([]),
      [`POST ${VERIFY}`]: ({ headers }) =>
        headers.get('authorization') === 'Bearer token' ? nothing(204) : refusal(500, 'INTERNAL'),
    })
    session.signedIn(signedIn('token'))
    await renderPage(<VerifyEmailPage />, { words: 'account', at: '/verify-email?token=abc' })
    await screen.findByRole('heading', { name: 'Your mail address is confirmed' })
    expect(host.to(VERIFY)).toHaveLength(1)
  })

  it('that was used meanwhile says so, whatever was typed', async () => {
    let used = false
    fakeHost({
      ...rules(false),
      [`POST ${VERIFY}`]: (sent) =>
        used ? refusal(400, 'VALIDATION_ERROR', [{ field: 'token', message: '' }]) : choosing(sent),
    })
    await renderPage(<VerifyEmailPage />, { words: 'account', at: '/verify-email?token=abc' })
    await screen.findByRole('heading', { name: 'Choose a password' })
    used = true
    await userEvent.type(password()!, PASSWORD)
    await userEvent.click(screen.getByRole('button', { name: 'Save the password' }))
    await screen.findByRole('heading', { name: 'This link no longer works' })
  })
})
