import { lazy, Suspense, useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { ApiProblem } from '@/api/problem'
import { useFormats } from '@/i18n/format'
import { Button } from '@/ui/Button'
import { classes } from '@/ui/classes'
import { ErrorState, Loading, Notice, Skeleton } from '@/ui/Feedback'
import { LoadMore } from '@/ui/LoadMore'
import { BookGrid, BookGridSkeleton } from './BookGrid'
import { isAtLeast, searchOf, sorts, type Filters, type Sort } from './filters'
import type { useBooks } from './queries'

// Seen now and then.
const NothingFound = lazy(async () => ({ default: (await import('./NoBooks')).NothingFound }))
const MembersOnly = lazy(async () => ({ default: (await import('./NoBooks')).MembersOnly }))

type Books = ReturnType<typeof useBooks>

export function BookList({ filters, books }: { filters: Filters; books: Books }) {
  const { fetchNextPage } = books
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage])
  if (books.isPending) {
    return (
      <Loading>
        <div className="mb-4 flex h-11 items-center">
          <Skeleton className="h-5 w-24" />
        </div>
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
  const total = books.data.pages[0]?.pagination.total ?? 0
  return (
    <>
      <div className={classes('flex items-center justify-between gap-4', items.length > 0 && 'mb-4 min-h-11')}>
        <Count total={total} filters={filters} />
        {items.length > 1 && <SortSelect filters={filters} />}
      </div>
      {items.length > 0 ? (
        <BookGrid books={items} stale={books.isPlaceholderData} />
      ) : (
        <Suspense>
          <NothingFound filters={filters} />
        </Suspense>
      )}
      {books.isFetchNextPageError ? (
        <MoreFailed onRetry={more} />
      ) : (
        <LoadMore hasMore={books.hasNextPage} loading={books.isFetchingNextPage} onMore={more} />
      )}
    </>
  )
}

function Count({ total, filters }: { total: number; filters: Filters }) {
  const { t } = useTranslation('catalogue')
  const format = useFormats()
  const key = isAtLeast(total, filters) ? 'browse.atLeast' : 'browse.count'
  return (
    <p role="status" className={total > 0 ? 'text-soft' : 'sr-only'}>
      {total > 0 ? t(key, { count: total, formatted: format.number(total) }) : t('empty.title')}
    </p>
  )
}

function SortSelect({ filters }: { filters: Filters }) {
  const { t } = useTranslation('catalogue')
  const navigate = useNavigate()
  // What is the order without a choice has no name in the address.
  const options = filters.q ? (['', ...sorts] as const) : (['', 'title', 'year'] as const)
  const first = filters.q ? 'sort.relevance' : 'sort.newest'
  return (
    <select
      aria-label={t('sort.label')}
      className="control w-auto max-w-48"
      value={filters.q || filters.sort !== 'newest' ? (filters.sort ?? '') : ''}
      onChange={({ target }) =>
        void navigate({ search: searchOf({ ...filters, sort: (target.value || undefined) as Sort | undefined }) })
      }
    >
      {options.map((sort) => (
        <option key={sort} value={sort}>
          {t(sort ? `sort.${sort}` : first)}
        </option>
      ))}
    </select>
  )
}

function MoreFailed({ onRetry }: { onRetry: () => void }) {
  const { t } = useTranslation('catalogue')
  const { t: common } = useTranslation()
  return (
    <div role="alert" className="mt-8">
      <Notice tone="late">
        <div className="flex flex-wrap items-center justify-between gap-3">
          {t('browse.moreFailed')}
          <Button variant="secondary" size="small" onClick={onRetry}>
            {common('problem.retry')}
          </Button>
        </div>
      </Notice>
    </div>
  )
}
