import { lazy, Suspense, useCallback } from 'react'
import { ErrorState } from '@/api/ErrorState'
import { ApiProblem } from '@/api/problem'
import { Loading } from '@/ui/Feedback'
import { LoadMore } from '@/ui/LoadMore'
import { BookGrid, BookGridSkeleton } from './BookGrid'
import type { Filters } from './filters'
import type { useBooks } from './queries'

// Seen now and then.
const NothingFound = lazy(async () => ({ default: (await import('./NoBooks')).NothingFound }))
const MoreFailed = lazy(async () => ({ default: (await import('./NoBooks')).MoreFailed }))
const MembersOnly = lazy(async () => ({ default: (await import('./NoBooks')).MembersOnly }))

type Books = ReturnType<typeof useBooks>

export function BookList({ filters, books }: { filters: Filters; books: Books }) {
  const { fetchNextPage } = books
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage])
  if (books.isPending) {
    return (
      <Loading>
        <BookGridSkeleton count={10} />
      </Loading>
    )
  }
  if (!books.data) {
    const closed = books.error instanceof ApiProblem && books.error.code === 'UNAUTHENTICATED'
    return closed ? (
      <Suspense>
        <MembersOnly />
      </Suspense>
    ) : (
      <ErrorState error={books.error} onRetry={() => void books.refetch()} />
    )
  }
  const items = books.data.pages.flatMap((page) => page.items)
  return (
    <>
      {items.length > 0 ? (
        <BookGrid books={items} stale={books.isPlaceholderData} />
      ) : (
        <Suspense>
          <NothingFound filters={filters} />
        </Suspense>
      )}
      {books.isFetchNextPageError ? (
        <Suspense>
          <MoreFailed onRetry={more} />
        </Suspense>
      ) : (
        <LoadMore hasMore={books.hasNextPage} loading={books.isFetchingNextPage} onMore={more} />
      )}
    </>
  )
}
