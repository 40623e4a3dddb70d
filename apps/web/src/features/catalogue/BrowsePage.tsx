import { lazy, Suspense, useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { useCommunityName } from '@/api/community'
import { PageTitle } from '@/ui/PageTitle'
import { Written } from '@/ui/Written'
import { BookList } from './BookList'
import { FacetSkeleton } from './FacetSkeleton'
import { searchOf, useFilters } from './filters'
import { ListHead } from './ListHead'
import { browseLook, FACET_ROWS } from './look'
import { NarrowFilters } from './NarrowFilters'
import { useBooks, useOwnerName } from './queries'
import { SearchBox } from './SearchBox'
import { useIsWide } from './useIsWide'
import { Welcome } from './Welcome'

const FilterPanel = lazy(() => import('./FilterPanel'))

export function BrowsePage() {
  const { t } = useTranslation('catalogue')
  const navigate = useNavigate()
  const filters = useFilters()
  const books = useBooks(filters)
  const ownerName = useOwnerName(filters.owner)
  const communityName = useCommunityName()
  const wide = useIsWide()
  const title = ownerName ? t('browse.titleOfOwner', { name: ownerName }) : (communityName ?? t('browse.title'))

  const { q = '' } = filters
  const search = useCallback(
    (wanted: string) => {
      // The order somebody chose is for looking around: what is searched for begins with what fits best.
      const next = { ...filters, q: wanted, sort: undefined }
      void navigate({ search: searchOf(next) }, { replace: q !== '' && wanted !== '', preventScrollReset: true })
    },
    [navigate, filters, q],
  )
  const total = books.data?.pages[0]?.pagination.total
  return (
    <>
      <PageTitle>{q ? t('browse.titleOfSearch', { q }) : title}</PageTitle>
      <header className={browseLook.header}>
        <div className="min-w-0">
          <Written as="h1" className={browseLook.title}>
            {title}
          </Written>
          <Welcome />
        </div>
        <SearchBox
          q={q}
          onSearch={search}
          whileTyping
          className={browseLook.search}
          end={wide ? undefined : <NarrowFilters filters={filters} total={total} />}
        />
      </header>
      <div className={browseLook.columns}>
        {wide && (
          <aside aria-label={t('filters.label')}>
            <Suspense fallback={<FacetSkeleton rows={FACET_ROWS} />}>
              <FilterPanel filters={filters} />
            </Suspense>
          </aside>
        )}
        <section aria-label={t('browse.list')}>
          <ListHead filters={filters} total={total} loading={books.isPending} ownerName={ownerName} narrow={!wide} />
          <BookList filters={filters} books={books} />
        </section>
      </div>
    </>
  )
}
