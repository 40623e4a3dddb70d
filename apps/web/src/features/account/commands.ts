import { api, ask } from '@/api/client'
import { session } from '@/api/session'
import { useCommand } from '@/api/useCommand'
import type { components } from '@/api/schema'

type Schemas = components['schemas']

interface Outcome {
  onDone?: () => void
  onProblem: (problem: unknown) => boolean
}

export function useLogIn({ onDone, onProblem }: Outcome) {
  return useCommand({
    send: async (body: Schemas['LogInBody']) => session.signedIn(await ask(api.POST('/api/v1/auth/login', { body }))),
    ...(onDone && { onDone }),
    onProblem,
  })
}

export function useRegister({ onDone, onProblem }: Outcome) {
  return useCommand({
    send: async (body: Schemas['RegisterBody']) =>
      session.signedIn(await ask(api.POST('/api/v1/auth/register', { body }))),
    ...(onDone && { onDone }),
    onProblem,
  })
}
