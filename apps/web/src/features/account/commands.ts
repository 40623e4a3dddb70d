import type { QueryClient } from '@tanstack/react-query'
import { api, ask, askIfAny, askNothing } from '@/api/client'
import { ADDRESS_TO_CONFIRM } from '@/api/kept'
import { keys } from '@/api/keys'
import { session } from '@/api/session'
import type { components } from '@/api/schema'
import { ifMatch, useCommand } from '@/api/useCommand'
import { chooseLanguage, i18n, spokenLanguage } from '@/i18n/i18n'
import { speakProfileLanguage } from './language'
import { timeZoneHere, type ProfileBody } from './profile'
import type { ApiKey, Session } from './queries'

type Schemas = components['schemas']

interface Outcome {
  said?: string
  onDone?: () => void
  onProblem: (problem: unknown) => boolean
}

export function useLogIn(outcome: Outcome) {
  return useCommand({
    send: async (body: Schemas['LogInBody']) => {
      session.signedIn(await ask(api.POST('/api/v1/auth/login', { body })))
      localStorage.removeItem(ADDRESS_TO_CONFIRM)
      // Nobody is kept out by it: at worst they go on in the language of the page.
      speakProfileLanguage().catch(() => {})
    },
    ...outcome,
  })
}

/** `onMail`: addresses are proved first here. A mail is on its way, and there is no account before its link is opened. */
export function useRegister({ said, onMail, onProblem }: Outcome & { onMail: (email: string) => void }) {
  return useCommand({
    send: async (person: Omit<Schemas['RegisterBody'], 'language'>) => {
      // The first mail is written before there is a profile that tells the language.
      const body = { ...person, language: i18n.language }
      const signedIn = await askIfAny(api.POST('/api/v1/auth/register', { body }))
      if (!signedIn) {
        localStorage.setItem(ADDRESS_TO_CONFIRM, body.email)
        return 'mail'
      }
      session.signedIn(signedIn)
      const known: ProfileBody = { name: body.name, language: body.language, timeZone: timeZoneHere() }
      // What the browser knows saves them a look into the profile; without it the account is as good.
      askNothing(api.PUT('/api/v1/profile', { body: known })).catch(() => {})
      return 'member'
    },
    said: (what) => (what === 'member' && said) || '',
    onDone: (what, { email }) => {
      if (what === 'mail') onMail(email)
    },
    onProblem,
  })
}

/** Asks again for the mail that proves an address. */
export function useResendProof(outcome: { said: string; onDone?: () => void }) {
  return useCommand({
    send: async (email: string) => {
      await askNothing(api.POST('/api/v1/auth/resend-proof', { body: { email } }))
      localStorage.setItem(ADDRESS_TO_CONFIRM, email)
    },
    ...outcome,
  })
}

export function useForgotPassword(outcome: Outcome) {
  return useCommand({
    send: (body: Schemas['AddressBody'], headers) =>
      askNothing(api.POST('/api/v1/auth/forgot-password', { body, headers })),
    ...outcome,
  })
}

export function useResetPassword({ onDone, onProblem }: Outcome) {
  return useCommand({
    send: (body: Schemas['ResetBody']) => askNothing(api.POST('/api/v1/auth/reset-password', { body })),
    onDone: () => {
      // All sessions have ended, this browser's too.
      session.ended()
      onDone?.()
    },
    onProblem,
  })
}

export function useVerifyEmail(onProblem: (problem: unknown) => boolean = () => true) {
  return useCommand({
    send: (body: Schemas['VerifyBody']) => askNothing(api.POST('/api/v1/auth/verify-email', { body })),
    refreshes: [keys.account.me],
    onProblem,
  })
}

export function useSaveProfile({ onDone, ...outcome }: Outcome) {
  return useCommand({
    send: ({ version, ...body }: ProfileBody & { version: number }, headers) =>
      ask(api.PUT('/api/v1/profile', { body, headers: { ...headers, ...ifMatch(version) } })),
    refreshes: [keys.account.me, keys.members.all, keys.books.all, keys.borrows.all],
    onDone: ({ name, language }) => {
      session.changed({ name })
      const spoken = spokenLanguage(language)
      if (spoken) void chooseLanguage(spoken)
      onDone?.()
    },
    ...outcome,
  })
}

export function useSavePreferences(outcome: Outcome) {
  return useCommand({
    send: ({ version, ...body }: Schemas['PreferencesBody'] & { version: number }, headers) =>
      ask(api.PUT('/api/v1/notifications/preferences', { body, headers: { ...headers, ...ifMatch(version) } })),
    refreshes: [keys.account.notifications],
    ...outcome,
  })
}

/** Stops letters, with the link of one of them: also for visitors. */
export function useUnsubscribe() {
  return useCommand({
    send: (token: string) =>
      askNothing(api.POST('/api/v1/notifications/unsubscribe', { params: { query: { token } } })),
    refreshes: [keys.account.notifications],
    onProblem: () => true,
  })
}

export function useChangePassword(outcome: Outcome) {
  return useCommand({
    send: (body: Schemas['ChangePasswordBody']) => askNothing(api.POST('/api/v1/auth/change-password', { body })),
    refreshes: [keys.account.sessions],
    ...outcome,
  })
}

export function useEndSession(said: string) {
  return useCommand({
    send: ({ id }: Session) => askNothing(api.DELETE('/api/v1/auth/sessions/{id}', { params: { path: { id } } })),
    refreshes: [keys.account.sessions],
    optimistic: ({ id }, queries) => without(id, queries),
    said,
  })
}

/** All sessions but this one. */
export function useEndOtherSessions(said: (count: number) => string) {
  return useCommand({
    send: () => ask(api.DELETE('/api/v1/auth/sessions/others')),
    refreshes: [keys.account.sessions],
    optimistic: (_, queries) => withoutOthers(queries),
    said: ({ count }) => said(count),
  })
}

function withoutOthers(queries: QueryClient) {
  const before = queries.getQueryData<Session[]>(keys.account.sessions)
  queries.setQueryData<Session[]>(keys.account.sessions, (sessions) => sessions?.filter(({ current }) => current))
  return () => queries.setQueryData(keys.account.sessions, before)
}

function without(id: string, queries: QueryClient) {
  const before = queries.getQueryData<Session[]>(keys.account.sessions)
  queries.setQueryData<Session[]>(keys.account.sessions, (sessions) => sessions?.filter((other) => other.id !== id))
  return () => queries.setQueryData(keys.account.sessions, before)
}

/** Not sent under an idempotency key: the host shows a key once, and repeats no answer that holds one. */
export function useMakeApiKey(outcome: {
  onDone: (made: Schemas['CreatedApiKey']) => void
  onProblem: (problem: unknown) => boolean
}) {
  return useCommand({
    send: (body: Schemas['CreateApiKeyBody']) => ask(api.POST('/api/v1/auth/api-keys', { body })),
    once: true,
    refreshes: [keys.account.apiKeys],
    ...outcome,
  })
}

export function useEndApiKey(outcome: { said: string; onDone: () => void }) {
  return useCommand({
    send: ({ id }: ApiKey) => askNothing(api.DELETE('/api/v1/auth/api-keys/{id}', { params: { path: { id } } })),
    refreshes: [keys.account.apiKeys],
    ...outcome,
  })
}

export function useOpenCalendarFeed(outcome: { onDone: (opened: Schemas['OpenedFeed']) => void }) {
  return useCommand({
    send: () => ask(api.POST('/api/v1/profile/calendar-feed')),
    once: true,
    refreshes: [keys.account.calendar],
    ...outcome,
  })
}

export function useEndCalendarFeed(outcome: { said: string; onDone: () => void }) {
  return useCommand({
    send: () => askNothing(api.DELETE('/api/v1/profile/calendar-feed')),
    refreshes: [keys.account.calendar],
    ...outcome,
  })
}

export function useDeleteAccount(outcome: Outcome) {
  return useCommand({
    send: (body: Schemas['PasswordBody']) => askNothing(api.DELETE('/api/v1/profile', { body })),
    ...outcome,
  })
}
