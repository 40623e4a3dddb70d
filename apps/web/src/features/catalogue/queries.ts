import {
  infiniteQueryOptions,
  keepPreviousData,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import type { InfiniteData, QueryClient } from '@tanstack/react-query'
import { api, ask, askPage } from '@/api/client'
import { keys } from '@/api/keys'
import type { components } from '@/api/schema'
import { filtersOf, parametersOf, type Filters } from './filters'

type Schemas = components['schemas']
export type Book = Schemas['BookView']

const CARD_FIELDS = ['id', 'title', 'authors', 'coverUrl', 'lending', 'status', 'available', 'owner'] as const
/** What a list shows of a book. */
export type BookCard = Pick<Book, (typeof CARD_FIELDS)[number]>

/** Fills rows of two, three, four and five. */
export const PAGE_SIZE = 24

interface BookPage {
  items: BookCard[]
  pagination: Schemas['Pagination']
}

function bookList(filters: Filters, early?: Promise<Response>) {
  let answer = early
  return infiniteQueryOptions({
    queryKey: keys.books.list(filters),
    queryFn: ({ signal, pageParam }): Promise<BookPage> => {
      const query = { ...parametersOf(filters), ...pageParam, limit: PAGE_SIZE, fields: CARD_FIELDS.join(',') }
      // Once: another attempt asks anew.
      const fetch = answer && answered(answer)
      answer = undefined
      return askPage(api.GET('/api/v1/books', { params: { query }, signal, ...(fetch && { fetch }) }))
    },
    initialPageParam: {} as { cursor?: string; page?: number },
    // What fits best first is paged by number, all else by cursor.
    getNextPageParam: ({ pagination: { nextCursor, page, totalPages } }) =>
      nextCursor ? { cursor: nextCursor } : page < totalPages ? { page: page + 1 } : undefined,
    staleTime: 2 * 60_000,
  })
}

/** Gives what was asked for elsewhere. */
const answered = (answer: Promise<Response>) => async () => (await answer).clone()

export function useBooks(filters: Filters) {
  return useInfiniteQuery({ ...bookList(filters), placeholderData: keepPreviousData })
}

/** Asks for the first books before there is anything to show them, unless that was done before the app was there. */
export async function fetchFirstBooks(
  queries: QueryClient,
  { pathname, search }: Location,
  early?: Promise<Response>,
): Promise<void> {
  if (pathname !== '/') return
  await queries.prefetchInfiniteQuery(bookList(filtersOf(search), early))
}

/** What each other choice would find, among the books that the search and the filters leave. */
export function useFacets(filters: Filters) {
  const query = { ...filters, sort: undefined }
  return useQuery({
    queryKey: keys.books.facetsOf(query),
    queryFn: ({ signal }) => ask(api.GET('/api/v1/books/facets', { params: { query }, signal })),
    placeholderData: keepPreviousData,
    staleTime: 5 * 60_000,
  })
}

export function useSuggestions(text: string) {
  return useQuery({
    queryKey: keys.books.suggestions(text),
    queryFn: ({ signal }) => ask(api.GET('/api/v1/books/suggest', { params: { query: { q: text } }, signal })),
    enabled: text.length > 1,
    placeholderData: text.length > 1 ? keepPreviousData : undefined,
    staleTime: 5 * 60_000,
  })
}

/** What is known of a book from a list that was shown before. */
export function useCard(id: string): BookCard | undefined {
  const queries = useQueryClient()
  const lists = queries.getQueriesData<InfiniteData<BookPage>>({ queryKey: keys.books.lists })
  for (const [, list] of lists) {
    const card = list?.pages?.flatMap(({ items }) => items).find((item) => item.id === id)
    if (card) return card
  }
  return undefined
}

/** The name of the member whose books are shown, also when there are none. */
export function useOwnerName(id: string | undefined): string | undefined {
  const { data } = useQuery({
    queryKey: keys.members.one(id ?? ''),
    queryFn: ({ signal }) => ask(api.GET('/api/v1/users/{id}', { params: { path: { id: id ?? '' } }, signal })),
    enabled: id !== undefined,
    staleTime: 5 * 60_000,
  })
  return data?.name
}
