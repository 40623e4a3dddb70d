import { BookX } from 'lucide'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router'
import { ErrorState } from '@/api/ErrorState'
import { ApiProblem, isNotFound } from '@/api/problem'
import { useSession } from '@/api/useSession'
import { useCard } from '@/features/catalogue'
import { LinkButton } from '@/ui/Button'
import { Cover } from '@/ui/Cover'
import { EmptyState, Loading, Skeleton } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { PageHeader, PageTitle } from '@/ui/Layout'
import { titleSize } from '@/ui/title-size'
import { Written } from '@/ui/Written'
import { Authors } from './Authors'
import { BackToBooks } from './BackToBooks'
import { BookFacts } from './BookFacts'
import { BookHistory } from './BookHistory'
import { Outlook } from './Outlook'
import { OwnerLink } from './OwnerLink'
import { useBook } from './queries'
import { ShareButton } from './ShareButton'

export default function BookPage() {
  const { id = '' } = useParams()
  const { user, can } = useSession()
  const book = useBook(id)
  const card = useCard(id)
  // What a list knew of it is shown while the rest is on its way.
  const known = book.data ?? card

  if (book.error && isAbsent(book.error)) return <BookGone />
  if (book.error && !book.data) return <ErrorState error={book.error} onRetry={() => void book.refetch()} />
  if (!known) return <BookSkeleton />
  const own = user?.id === known.owner.id
  return (
    <article>
      <PageTitle>{known.title}</PageTitle>
      <div className="-mt-4 mb-2 flex items-center justify-between gap-4">
        <BackToBooks />
        <ShareButton title={known.title} />
      </div>
      <div className="grid gap-5 md:grid-cols-[15rem_minmax(0,1fr)] md:gap-12 lg:grid-cols-[17rem_minmax(0,1fr)]">
        <div className="max-md:-mx-4 max-md:flex max-md:justify-center max-md:bg-sunken max-md:py-5 sm:max-md:-mx-6">
          <Cover
            title={known.title}
            authors={known.authors}
            url={known.coverUrl}
            eager
            className="max-md:max-w-32 md:sticky md:top-24"
          />
        </div>
        <div className="flex min-w-0 flex-col gap-6 md:gap-7">
          <header className="flex flex-col gap-2">
            <Written as="h1" className={titleSize(known.title)}>
              {known.title}
            </Written>
            <Authors names={known.authors} />
          </header>
          <Outlook book={known} own={own} />
          {!own && <OwnerLink owner={known.owner} />}
          {book.data ? <BookFacts book={book.data} own={own} /> : <FactsSkeleton />}
          {(own || can('moderate:book')) && <BookHistory id={id} />}
        </div>
      </div>
    </article>
  )
}

/** It is gone, or the address is none that a book ever had. */
function isAbsent(error: unknown): boolean {
  return isNotFound(error) || (error instanceof ApiProblem && error.status === 400)
}

function BookGone() {
  const { t } = useTranslation('book')
  return (
    <>
      <PageHeader title={t('page.gone.title')} />
      <EmptyState
        icon={<Icon of={BookX} className="size-6" />}
        title={t('page.gone.heading')}
        action={<LinkButton to="/">{t('page.gone.action')}</LinkButton>}
      >
        {t('page.gone.text')}
      </EmptyState>
    </>
  )
}

function FactsSkeleton() {
  return (
    <Loading className="flex flex-col gap-3">
      <Skeleton className="h-5 w-full" />
      <Skeleton className="h-5 w-11/12" />
      <Skeleton className="h-5 w-2/3" />
    </Loading>
  )
}

function BookSkeleton() {
  return (
    <Loading>
      <div className="-mt-4 mb-2 h-11" />
      <div className="grid gap-5 md:grid-cols-[15rem_minmax(0,1fr)] md:gap-12 lg:grid-cols-[17rem_minmax(0,1fr)]">
        <div className="max-md:-mx-4 max-md:flex max-md:justify-center max-md:bg-sunken max-md:py-5 sm:max-md:-mx-6">
          <Skeleton className="aspect-2/3 w-full rounded-sm bg-line max-md:max-w-32" />
        </div>
        <div className="flex flex-col gap-6 md:gap-7">
          <div className="flex flex-col gap-3">
            <Skeleton className="h-9 w-4/5" />
            <Skeleton className="h-6 w-2/5" />
          </div>
          <Skeleton className="h-40 rounded-lg" />
          <Skeleton className="h-11 w-3/5" />
        </div>
      </div>
    </Loading>
  )
}
