import { useQuery } from '@tanstack/react-query'
import { api, ask } from '@/api/client'
import { keys } from '@/api/keys'
import type { components } from '@/api/schema'

export type Me = components['schemas']['MeView']
export type Session = components['schemas']['SessionView']
export type ApiKey = components['schemas']['ApiKeyView']
export type Preferences = components['schemas']['PreferencesView']

export function useMe() {
  return useQuery({
    queryKey: keys.account.me,
    queryFn: ({ signal }) => ask(api.GET('/api/v1/profile', { signal })),
  })
}

export function useSessions() {
  return useQuery({
    queryKey: keys.account.sessions,
    queryFn: ({ signal }) => ask(api.GET('/api/v1/auth/sessions', { signal })),
  })
}

export function useCalendarFeed() {
  return useQuery({
    queryKey: keys.account.calendar,
    queryFn: ({ signal }) => ask(api.GET('/api/v1/profile/calendar-feed', { signal })),
  })
}

export function useApiKeys() {
  return useQuery({
    queryKey: keys.account.apiKeys,
    queryFn: ({ signal }) => ask(api.GET('/api/v1/auth/api-keys', { signal })),
  })
}

export function usePreferences() {
  return useQuery({
    queryKey: keys.account.notifications,
    queryFn: ({ signal }) => ask(api.GET('/api/v1/notifications/preferences', { signal })),
  })
}
