import { api, ask, askFile, askNothing } from '@/api/client'
import { keys } from '@/api/keys'
import type { components } from '@/api/schema'
import { ifMatch, useCommand } from '@/api/useCommand'
import { saveFile } from '@/ui/saveFile'
import { jobKeys, type DeadLetter, type DeadLetterGroup, type Delivery, type Mail, type Member } from './queries'

type Schemas = components['schemas']

interface Outcome<Output = unknown> {
  said?: string | ((output: Output) => string)
  onDone?: () => void
  onProblem?: (problem: unknown) => boolean
}

const pathOf = ({ id }: { id: string }) => ({ path: { id } })

export function useChangeRole(outcome: Outcome<Member>) {
  return useCommand({
    send: ({ member, role }: { member: Member; role: string }, headers) =>
      ask(
        api.PUT('/api/v1/users/{id}/role', {
          params: pathOf(member),
          body: { role },
          headers: { ...headers, ...ifMatch(member.version) },
        }),
      ),
    refreshes: [keys.members.all],
    ...outcome,
  })
}

/** Who is not active cannot log in, lend or borrow. */
export function useSetActive(outcome: Outcome<Member>) {
  return useCommand({
    send: ({ member, active }: { member: Member; active: boolean }, headers) =>
      ask(
        api.PUT('/api/v1/users/{id}', {
          params: pathOf(member),
          body: { active },
          headers: { ...headers, ...ifMatch(member.version) },
        }),
      ),
    refreshes: [keys.members.all],
    ...outcome,
  })
}

export function useDeleteMember(outcome: Outcome) {
  return useCommand({
    send: (member: Member) =>
      askNothing(api.DELETE('/api/v1/users/{id}', { params: pathOf(member), headers: ifMatch(member.version) })),
    refreshes: [keys.members.all, keys.books.all],
    ...outcome,
  })
}

export function useAddMember(outcome: Outcome) {
  return useCommand({
    send: (body: Schemas['CreateBody'], headers) => ask(api.POST('/api/v1/users', { body, headers })),
    refreshes: [keys.members.all],
    ...outcome,
  })
}

export function useRetry(said: string) {
  return useCommand({
    send: (letter: DeadLetter, headers) =>
      askNothing(api.POST('/api/v1/admin/dead-letters/{id}/retry', { params: pathOf(letter), headers })),
    refreshes: [keys.administration.all],
    said,
  })
}

export function useDrop(outcome: Outcome) {
  return useCommand({
    send: (letter: DeadLetter) => askNothing(api.DELETE('/api/v1/admin/dead-letters/{id}', { params: pathOf(letter) })),
    refreshes: [keys.administration.all],
    ...outcome,
  })
}

export function useRetryGroup(outcome: Outcome<Schemas['GroupChangeView']>) {
  return useCommand({
    send: (group: DeadLetterGroup, headers) =>
      ask(api.POST('/api/v1/admin/dead-letter-groups/{id}/retry', { params: pathOf(group), headers })),
    refreshes: [keys.administration.all],
    ...outcome,
  })
}

export function useDropGroup(outcome: Outcome<Schemas['GroupChangeView']>) {
  return useCommand({
    send: (group: DeadLetterGroup) =>
      ask(api.DELETE('/api/v1/admin/dead-letter-groups/{id}', { params: pathOf(group) })),
    refreshes: [keys.administration.all],
    ...outcome,
  })
}

export function useRetryMail(said: string) {
  return useCommand({
    send: (mail: Mail, headers) =>
      askNothing(api.POST('/api/v1/admin/mails/{id}/retry', { params: pathOf(mail), headers })),
    refreshes: [keys.administration.mails],
    said,
  })
}

export function useRetryDelivery(said: string) {
  return useCommand({
    send: (delivery: Delivery, headers) =>
      askNothing(api.POST('/api/v1/admin/deliveries/{id}/retry', { params: pathOf(delivery), headers })),
    refreshes: [keys.administration.deliveries],
    said,
  })
}

export function useRebuild(outcome: Outcome) {
  return useCommand({
    send: (name: string, headers) =>
      askNothing(api.POST('/api/v1/admin/projections/{name}/rebuild', { params: { path: { name } }, headers })),
    refreshes: [keys.administration.projections],
    ...outcome,
  })
}

export function useClearCache(said: string) {
  return useCommand({
    send: (_: void, headers) => askNothing(api.POST('/api/v1/admin/cache/clear', { headers })),
    said,
  })
}

export function useRunJob(outcome: Outcome) {
  return useCommand({
    send: (job: string, headers) =>
      askNothing(api.POST('/api/v1/admin/jobs/{job}/run', { params: { path: { job } }, headers })),
    refreshes: [jobKeys],
    ...outcome,
  })
}

export function useCancelJob(outcome: Outcome) {
  return useCommand({
    send: (job: string, headers) =>
      askNothing(api.POST('/api/v1/admin/jobs/{job}/cancel', { params: { path: { job } }, headers })),
    refreshes: [jobKeys],
    ...outcome,
  })
}

/** Hands over the figures of a month as a file. */
export function useMonthFile(said: string) {
  return useCommand({
    send: (month: string) =>
      askFile(api.GET('/api/v1/admin/months/{month}/csv', { params: { path: { month } }, parseAs: 'blob' })),
    onDone: (file, month) => saveFile(file, `folkshelf-${month}.csv`),
    said,
  })
}
