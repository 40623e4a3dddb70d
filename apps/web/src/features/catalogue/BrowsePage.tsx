import { lazy, Suspense, useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { PageTitle } from '@/ui/PageTitle'
import { ActiveFilters } from './ActiveFilters'
import { BookList } from './BookList'
import { FacetSkeleton } from './FacetSkeleton'
import { searchOf, useFilters } from './filters'
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
  const wide = useIsWide()
  const title = ownerName ? t('browse.titleOfOwner', { name: ownerName }) : t('browse.title')

  const { q = '' } = filters
  const search = useCallback(
    (wanted: string) => {
      // The order somebody chose is for looking around: what is searched for begins with what fits best.
      const next = { ...filters, q: wanted, sort: undefined }
      void navigate({ search: searchOf(next) }, { replace: q !== '' && wanted !== '', preventScrollReset: true })
    },
    [navigate, filters, q],
  )
  return (
    <>
      <PageTitle>{q ? t('browse.titleOfSearch', { q }) : title}</PageTitle>
      <Welcome />
      <header className="mb-5 flex flex-col gap-4 md:mb-8 md:flex-row md:items-center md:justify-between md:gap-8">
        <h1 className="text-title">{title}</h1>
        <SearchBox q={q} onSearch={search} whileTyping className="w-full md:max-w-md" />
      </header>
      <div className="lg:grid lg:grid-cols-[13rem_minmax(0,1fr)] lg:gap-12">
        {wide ? (
          <aside aria-label={t('filters.label')}>
            <Suspense fallback={<FacetSkeleton rows={12} />}>
              <FilterPanel filters={filters} />
            </Suspense>
          </aside>
        ) : (
          <NarrowFilters filters={filters} total={books.data?.pages[0]?.pagination.total} />
        )}
        <section aria-label={t('browse.title')}>
          <ActiveFilters filters={filters} ownerName={ownerName} />
          <BookList filters={filters} books={books} />
        </section>
      </div>
    </>
  )
}
