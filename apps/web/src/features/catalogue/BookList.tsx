import { BookPlus, Lock, SearchX } from 'lucide-react'
import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation, useNavigate } from 'react-router'
import { loginPath } from '@/api/Require'
import { ApiProblem } from '@/api/problem'
import { useFormats } from '@/i18n/format'
import { Button, LinkButton } from '@/ui/Button'
import { classes } from '@/ui/classes'
import { EmptyState, ErrorState, Loading, Notice, Skeleton } from '@/ui/Feedback'
import { LoadMore } from '@/ui/LoadMore'
import { BookGrid, BookGridSkeleton } from './BookGrid'
import { filtersIn, isAtLeast, searchOf, sorts, type Filters, type Sort } from './filters'
import type { useBooks } from './queries'

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
  if (!books.data) return <NoList error={books.error} onRetry={() => void books.refetch()} />
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
        <NothingFound filters={filters} />
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

function NothingFound({ filters }: { filters: Filters }) {
  const { t } = useTranslation('catalogue')
  const { q, sort } = filters
  const narrowed = filtersIn(filters).length > 0
  if (!q && !narrowed) {
    return (
      <EmptyState
        icon={<BookPlus aria-hidden className="size-6" />}
        title={t('empty.first.title')}
        action={<LinkButton to="/shelf/add">{t('empty.first.action')}</LinkButton>}
      >
        {t('empty.first.text')}
      </EmptyState>
    )
  }
  return (
    <EmptyState
      icon={<SearchX aria-hidden className="size-6" />}
      title={q ? t('empty.titleOfSearch', { q }) : t('empty.title')}
      action={
        <>
          {narrowed && <LinkButton to={{ search: searchOf({ q, sort }) }}>{t('empty.clear')}</LinkButton>}
          {q && (
            <LinkButton to="/" variant={narrowed ? 'secondary' : 'primary'}>
              {t('empty.everything')}
            </LinkButton>
          )}
        </>
      }
    >
      <div className="flex flex-col gap-2">
        <p>{t(q ? 'empty.fewerWords' : 'empty.fewerFilters')}</p>
        {q && <p>{t('empty.ask')}</p>}
      </div>
    </EmptyState>
  )
}

/** Some communities show their books to members only. */
function NoList({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useTranslation('catalogue')
  const { t: common } = useTranslation()
  const { pathname, search } = useLocation()
  if (!(error instanceof ApiProblem && error.code === 'UNAUTHENTICATED'))
    return <ErrorState error={error} onRetry={onRetry} />
  return (
    <EmptyState
      icon={<Lock aria-hidden className="size-6" />}
      title={t('closed.title')}
      action={
        <>
          <LinkButton to={loginPath(pathname + search)}>{common('session.logIn')}</LinkButton>
          <LinkButton to="/register" variant="secondary">
            {t('closed.join')}
          </LinkButton>
        </>
      }
    >
      {t('closed.text')}
    </EmptyState>
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
