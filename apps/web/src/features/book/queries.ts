import { useQuery } from '@tanstack/react-query'
import { api, ask } from '@/api/client'
import { keys } from '@/api/keys'
import type { components } from '@/api/schema'

type Schemas = components['schemas']
export type Book = Schemas['BookView']
export type Availability = Schemas['Availability']

export function useBook(id: string) {
  return useQuery({
    queryKey: keys.books.one(id),
    queryFn: ({ signal }) => ask(api.GET('/api/v1/books/{id}', { params: { path: { id } }, signal })),
  })
}

/** Others borrow and return without our being told: asked again now and then while somebody looks. */
export function useAvailability(id: string) {
  return useQuery({
    queryKey: keys.books.availability(id),
    queryFn: ({ signal }) => ask(api.GET('/api/v1/books/{id}/availability', { params: { path: { id } }, signal })),
    staleTime: 10_000,
    refetchInterval: 20_000,
  })
}

/** With `at` as it was at that moment. */
export function useHistory(id: string, at: string | undefined) {
  return useQuery({
    queryKey: [...keys.books.history(id), at],
    queryFn: ({ signal }) =>
      ask(api.GET('/api/v1/books/{id}/history', { params: { path: { id }, query: { ...(at && { at }) } }, signal })),
  })
}
