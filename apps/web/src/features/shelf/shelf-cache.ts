import type { InfiniteData, QueryClient } from '@tanstack/react-query'
import { keys } from '@/api/keys'
import type { Book } from './book-form'

type Pages = InfiniteData<{ items: Book[] }>

/** Shows a change of one book wherever one's shelf is shown. */
export function showInShelf(queries: QueryClient, id: string, change: Partial<Book>): void {
  queries.setQueriesData<Pages>(
    { queryKey: keys.books.shelf },
    (data) =>
      data && {
        ...data,
        pages: data.pages.map((page) => ({
          ...page,
          items: page.items.map((book) => (book.id === id ? { ...book, ...change } : book)),
        })),
      },
  )
}

/** What a book will look like once its lending mode is another. Books that are out stay so. */
export function withLending(book: Book, lending: string): Pick<Book, 'lending' | 'status' | 'available'> {
  const resting = book.status === 'available' || book.status === 'withdrawn'
  if (!resting) return { lending, status: book.status, available: book.available }
  return lending === 'off'
    ? { lending, status: 'withdrawn', available: false }
    : { lending, status: 'available', available: true }
}
