import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useRef } from 'react'
import { api, ask, askPage } from '@/api/client'
import { keys } from '@/api/keys'
import { useUserId } from '@/api/useSession'
import type { Book } from './book-form'
import { delayAfter } from './import-progress'
import type { Import, ImportSummary } from './imports'
import type { ShelfColumns } from './review'

export const shelfParts = ['all', 'free', 'lent', 'off'] as const
export type ShelfPart = (typeof shelfParts)[number]

export interface ShelfView {
  text: string
  part: ShelfPart
  /** Newest first without it; with a text, what fits best. */
  sort?: 'title' | undefined
}

/** The host tells what can be had from what cannot; which of these are lent is for us to say. */
const belongs: Record<ShelfPart, (book: Book) => boolean> = {
  all: () => true,
  free: () => true,
  lent: ({ status }) => status === 'on_loan' || status === 'reserved',
  off: ({ status }) => status === 'withdrawn' || status === 'lost',
}

type Place = { cursor: string } | { page: number }

/** One's own books. `total` is missing where nobody has counted. */
export function useShelf({ text, part, sort }: ShelfView) {
  const owner = useUserId()
  const sieved = part === 'lent' || part === 'off'
  const filters = {
    limit: sieved ? 100 : 30,
    ...(text && { q: text }),
    ...(sort && { sort }),
    ...(part !== 'all' && { owner, available: part === 'free' }),
  }
  return useInfiniteQuery({
    queryKey: keys.books.mine({ ...filters, part }),
    queryFn: ({ pageParam, signal }) => {
      const query = { ...filters, ...pageParam }
      return askPage(
        part === 'all'
          ? api.GET('/api/v1/books/mine', { params: { query }, signal })
          : api.GET('/api/v1/books', { params: { query }, signal }),
      )
    },
    initialPageParam: { page: 1 } as Place,
    getNextPageParam: ({ pagination }, _pages, place): Place | undefined => {
      if (pagination.nextCursor) return { cursor: pagination.nextCursor }
      // What is sorted by how well it fits has no cursor.
      const more = text && !sort && 'page' in place && place.page < pagination.totalPages
      return more ? { page: place.page + 1 } : undefined
    },
    select: ({ pages, pageParams }) => {
      const books = pages.flatMap(({ items }) => items).filter(belongs[part])
      const last = pages.at(-1)?.pagination
      const complete = pages.length === pageParams.length && !last?.nextCursor
      return { books, total: sieved ? (complete ? books.length : undefined) : pages[0]?.pagination.total }
    },
    placeholderData: keepPreviousData,
  })
}

export function useBook(id: string) {
  return useQuery({
    queryKey: keys.books.one(id),
    queryFn: ({ signal }) => ask(api.GET('/api/v1/books/{id}', { params: { path: { id } }, signal })),
  })
}

/** Copies of the same edition that somebody has listed here. */
export function useCopies(isbn: string | undefined) {
  return useQuery({
    queryKey: keys.books.ofIsbn(isbn ?? ''),
    queryFn: ({ signal }) =>
      askPage(api.GET('/api/v1/books/search', { params: { query: { q: isbn ?? '', limit: 20 } }, signal })),
    select: ({ items }) => items.filter((book) => book.isbn13 === isbn),
    enabled: isbn !== undefined,
  })
}

/** What the community uses already: to be suggested. */
export function useUsedWords() {
  const { data } = useQuery({
    queryKey: keys.books.facets,
    queryFn: ({ signal }) => ask(api.GET('/api/v1/books/facets', { signal })),
    staleTime: 5 * 60_000,
    select: ({ categories, languages }) => ({
      categories: categories.map(({ name }) => name),
      languages: languages.map(({ code }) => code),
    }),
  })
  return data ?? noWords
}
const noWords = { categories: [] as string[], languages: [] as string[] }

/** The latest imports, as many as one page holds; looked at again while one of them runs. */
export function useImports() {
  return useQuery({
    queryKey: keys.imports.list,
    queryFn: ({ signal }) => askPage(api.GET('/api/v1/books/imports', { params: { query: { limit: 100 } }, signal })),
    select: ({ items }) => items,
    refetchInterval: ({ state }) => (state.data?.items.some(isUnderWay) ? 3000 : false),
  })
}

export function isUnderWay({ status }: Pick<ImportSummary, 'status'>): boolean {
  return status === 'receiving' || status === 'queued' || status === 'running'
}

/** What waits for the member over all imports: rows to repair, and files to say something of. */
export function useOpenRows() {
  return useQuery({
    queryKey: keys.imports.open,
    queryFn: ({ signal }) => ask(api.GET('/api/v1/books/imports/open', { signal })),
  })
}

/** How far an import is: asked often while it moves, ever more seldom while it waits, not at all while nobody looks. */
export function useImport(id: string) {
  const moved = useRef<{ data?: Import; at: number }>({ at: 0 })
  return useQuery({
    queryKey: keys.imports.one(id),
    queryFn: ({ signal }) => ask(api.GET('/api/v1/books/imports/{id}', { params: { path: { id } }, signal })),
    enabled: id !== '',
    refetchInterval: ({ state: { data } }) => {
      if (!data || !isUnderWay(data)) return false
      // An answer that says nothing new is the same object as the one before.
      if (moved.current.data !== data) moved.current = { data, at: Date.now() }
      return delayAfter(Date.now() - moved.current.at)
    },
  })
}

/** The shelves of a file as other columns tell them; nothing is asked without such columns, or where none tells any. */
export function useShelvesBy(id: string, columns: ShelfColumns | undefined) {
  const asked = columns ?? {}
  return useQuery({
    queryKey: keys.imports.shelves(id, asked),
    queryFn: ({ signal }) =>
      ask(api.GET('/api/v1/books/imports/{id}/shelves', { params: { path: { id }, query: asked }, signal })),
    select: ({ shelves }) => shelves,
    enabled: Object.keys(asked).length > 0,
    // The rows of a file never change.
    staleTime: Infinity,
  })
}
