import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, ask, askNothing } from '@/api/client'
import { keys } from '@/api/keys'
import { ApiProblem } from '@/api/problem'
import type { components } from '@/api/schema'
import { upload } from '@/api/upload'
import { ifMatch, useCommand } from '@/api/useCommand'
import type { Book, BookBody } from './book-form'
import type { Import } from './imports'
import { withRowAdded } from './left-out'
import type { StartBody } from './review'
import { withRowDone } from './row-repair'
import { showInShelf, withLending } from './shelf-cache'

const listsOfBooks = [keys.books.shelf, keys.books.lists, keys.books.facets] as const

interface Outcome<Output> {
  onDone?: (output: Output) => void
  onProblem?: (problem: unknown) => boolean
}

export function useAddBook(outcome: Outcome<Book>) {
  const queries = useQueryClient()
  return useCommand({
    send: async (body: BookBody, headers) => {
      const book = await ask(api.POST('/api/v1/books', { body, headers }))
      queries.setQueryData(keys.books.one(book.id), book)
      return book
    },
    refreshes: listsOfBooks,
    ...outcome,
  })
}

/** Somebody else changed the book since it was read; `now` is how it stands. */
export class BookChanged extends Error {
  readonly now: Book
  constructor(now: Book) {
    super('the book has changed meanwhile')
    this.now = now
  }
}

interface Update {
  body: BookBody
  version: number
}

/**
 * Changes a book as it was read. When it has moved on only in what `mayFollow` allows (it was lent, say), the change
 * follows it; otherwise the problem is a `BookChanged`.
 */
export function useUpdateBook(
  id: string,
  mayFollow: (now: Book) => boolean,
  outcome: Outcome<Book> & { said: string },
) {
  const queries = useQueryClient()
  const params = { path: { id } }
  const put = ({ body, version }: Update, headers: object) =>
    ask(api.PUT('/api/v1/books/{id}', { params, body, headers: { ...headers, ...ifMatch(version) } }))
  return useCommand({
    send: async (update: Update, headers) => {
      const book = await put(update, headers).catch(async (problem: unknown) => {
        if (!(problem instanceof ApiProblem) || problem.code !== 'VERSION_MISMATCH') throw problem
        const now = await ask(api.GET('/api/v1/books/{id}', { params }))
        if (!mayFollow(now)) throw new BookChanged(now)
        return put({ ...update, version: now.version }, {})
      })
      queries.setQueryData(keys.books.one(id), book)
      return book
    },
    refreshes: listsOfBooks,
    ...outcome,
  })
}

/** Lend it, give it away or neither: shown at once. */
export function useChangeLending(book: Book) {
  const { t } = useTranslation('shelf')
  const queries = useQueryClient()
  const { id } = book
  return useCommand({
    send: async ({ lending, version }: { lending: string; version: number }, headers) => {
      const changed = await ask(
        api.PUT('/api/v1/books/{id}', {
          params: { path: { id } },
          body: { lending },
          headers: { ...headers, ...ifMatch(version) },
        }),
      )
      showInShelf(queries, id, changed)
      return changed
    },
    optimistic: ({ lending }) => {
      // What is on its way shows the book as it was.
      void queries.cancelQueries({ queryKey: keys.books.shelf })
      showInShelf(queries, id, withLending(book, lending))
      const { status, available } = book
      return () => showInShelf(queries, id, { lending: book.lending, status, available })
    },
    refreshes: [...listsOfBooks, keys.books.one(id)],
    said: (changed) => t(`lending.said.${changed.lending as 'lend'}`, { title: changed.title }),
  })
}

export function useDeleteBook(book: Book, outcome: Outcome<void>) {
  const { t } = useTranslation('shelf')
  return useCommand({
    send: (_: void, headers) =>
      askNothing(api.DELETE('/api/v1/books/{id}', { params: { path: { id: book.id } }, headers })),
    // Not the book itself: whoever looks at it is led away first.
    refreshes: [...listsOfBooks, keys.borrows.all],
    said: t('delete.said', { title: book.title }),
    ...outcome,
  })
}

type Started = components['schemas']['ImportStarted']

/** `name`, `size` and `modified` tell one file from another: sent again, it is the same upload. */
interface FileToSend {
  file: File
  name: string
  size: number
  modified: number
}

export function useStartImport(onProgress: (sent: number) => void, outcome: Outcome<Started>) {
  const command = useCommand({
    // It waits until its owner has looked at what was recognised.
    send: ({ file }: FileToSend, headers) =>
      upload<Started>('/api/v1/books/import?review=true', { file, headers, onProgress }),
    refreshes: [keys.imports.all],
    ...outcome,
  })
  return {
    ...command,
    run: (file: File) => command.run({ file, name: file.name, size: file.size, modified: file.lastModified }),
  }
}

/** Begins an import that waits for its review. */
export function useStartReviewed(importId: string, outcome: Outcome<Import>) {
  const queries = useQueryClient()
  return useCommand({
    send: async (body: StartBody, headers) => {
      const params = { path: { id: importId } }
      const data = await ask(api.POST('/api/v1/books/imports/{id}/start', { params, body, headers }))
      queries.setQueryData(keys.imports.one(importId), data)
      return data
    },
    refreshes: [keys.imports.all],
    ...outcome,
  })
}

/** Forgets an import that waits for its review. */
export function useCancelImport(importId: string, outcome: Outcome<void>) {
  const { t } = useTranslation('shelf')
  return useCommand({
    send: (_: void, headers) =>
      askNothing(api.DELETE('/api/v1/books/imports/{id}', { params: { path: { id: importId } }, headers })),
    // Not the import itself: the page leads away first.
    refreshes: [keys.imports.list, keys.imports.open],
    said: t('review.cancelled'),
    ...outcome,
  })
}

/** Puts a row on the shelf that was left out. */
export function useAddLeftOut(importId: string, said: string) {
  const queries = useQueryClient()
  return useCommand({
    send: async ({ row }: { row: number }, headers) => {
      const params = { path: { id: importId, row } }
      await ask(api.POST('/api/v1/books/imports/{id}/rows/{row}/add', { params, headers }))
      queries.setQueryData<Import>(keys.imports.one(importId), (data) => data && withRowAdded(data, row))
    },
    refreshes: [...listsOfBooks, keys.imports.all],
    said,
  })
}

/** The rows of an import that were not taken, or not whole: put on the shelf repaired, or left as they are. */
function useRowDone(importId: string) {
  const queries = useQueryClient()
  return async (row: number) => {
    const params = { path: { id: importId, row } }
    await askNothing(api.DELETE('/api/v1/books/imports/{id}/errors/{row}', { params }))
    queries.setQueryData<Import>(keys.imports.one(importId), (data) => data && withRowDone(data, row))
  }
}

export function useRepairRow(importId: string, outcome: Outcome<void>) {
  const rowDone = useRowDone(importId)
  return useCommand({
    send: async ({ row, body }: { row: number; body: BookBody }, headers) => {
      await ask(api.POST('/api/v1/books', { body, headers }))
      await rowDone(row)
    },
    refreshes: [...listsOfBooks, keys.imports.all],
    ...outcome,
  })
}

/** `afterwards` is called even when what asked for it has gone with the row. */
export function useSkipRow(importId: string, { said, afterwards }: { said?: string; afterwards?: () => void } = {}) {
  const rowDone = useRowDone(importId)
  return useCommand({
    send: async ({ row }: { row: number }) => {
      await rowDone(row)
      afterwards?.()
    },
    refreshes: [keys.imports.all],
    ...(said && { said }),
  })
}
