import { startTransition, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { classes } from '@/ui/classes'
import { Cover } from '@/ui/Cover'
import { Skeleton } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { Written, WrittenList } from '@/ui/Written'
import { standingLooks, standingOf } from './standing'
import type { BookCard } from './queries'

const grid =
  'grid grid-cols-2 gap-x-4 gap-y-8 min-[30rem]:grid-cols-3 sm:gap-x-6 md:grid-cols-4 lg:grid-cols-4 xl:grid-cols-5'
/** What fits on a phone. */
const AT_ONCE = 6
/** A list has been shown since the app was loaded. */
let started = false

export function BookGrid({ books, stale }: { books: BookCard[]; stale: boolean }) {
  // As the app starts a slow phone draws what is in sight first. Later, on the way back, all must be in its place at once.
  const [starting, setStarting] = useState(!started)
  useEffect(() => {
    started = true
    // When what is in sight can be seen.
    const frame = requestAnimationFrame(() => setTimeout(() => startTransition(() => setStarting(false))))
    return () => cancelAnimationFrame(frame)
  }, [])
  const drawn = starting ? AT_ONCE : books.length
  return (
    <ul aria-busy={stale} className={classes(grid, 'transition-opacity', stale && 'opacity-60')}>
      {books.map((book, place) =>
        place < drawn ? (
          <BookItem key={book.id} book={book} eager={place < AT_ONCE} />
        ) : (
          <li key={book.id} aria-hidden className="row-span-3 aspect-2/3 rounded-sm bg-sunken" />
        ),
      )}
    </ul>
  )
}

const tones = { free: 'text-free', neutral: 'text-soft', late: 'text-late' }

function BookItem({ book, eager }: { book: BookCard; eager: boolean }) {
  const { t } = useTranslation('catalogue')
  const standing = standingOf(book)
  const { icon, tone } = standingLooks[standing]
  return (
    <li className="group relative row-span-3 grid min-w-0 grid-rows-subgrid gap-y-0">
      <Cover
        title={book.title}
        authors={book.authors}
        url={book.coverUrl}
        eager={eager}
        className="transition-transform duration-200 group-hover:-translate-y-1 motion-reduce:transform-none"
      />
      <div className="mt-3 min-w-0 text-[0.9375rem]/5">
        <Written as="h2" className="line-clamp-2 text-left font-sans text-wrap">
          <Link
            to={`/books/${book.id}`}
            state={{ fromBrowse: true }}
            className="rounded-sm decoration-control underline-offset-4 group-hover:underline after:absolute after:inset-0 after:rounded-sm"
          >
            {book.title}
          </Link>
        </Written>
        <WrittenList as="p" className="truncate text-left text-sm/5 text-soft" items={book.authors} />
      </div>
      <p className={classes('mt-1 flex items-center gap-1.5 text-sm/5 font-medium', tones[tone])}>
        <Icon of={icon} className="size-4 shrink-0" />
        <span className="truncate">{t(`standing.${standing}`)}</span>
      </p>
    </li>
  )
}

/** As large as what comes. */
export function BookGridSkeleton({ count }: { count: number }) {
  return (
    <div className={grid}>
      {Array.from({ length: count }, (_, place) => (
        <SkeletonItem key={place} />
      ))}
    </div>
  )
}

function SkeletonItem() {
  return (
    <div>
      <Skeleton className="aspect-2/3 w-full rounded-sm" />
      <div className="mt-3 flex flex-col gap-1">
        <Skeleton className="h-4 w-11/12" />
        <Skeleton className="h-4 w-3/5" />
      </div>
      <Skeleton className="mt-1.5 h-4.5 w-24" />
    </div>
  )
}
