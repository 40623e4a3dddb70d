import { startTransition, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { classes } from '@/ui/classes'
import { Cover } from '@/ui/Cover'
import { Skeleton } from '@/ui/Feedback'
import { BookLook } from './BookLook'
import { atOnce, gridLook } from './look'
import type { BookCard } from './queries'
import { standingOf } from './standing'

/** A list has been shown since the app was loaded. */
let started = false

export function BookGrid({ books, stale }: { books: BookCard[]; stale: boolean }) {
  // As the app starts a slow phone draws what is in sight first. Later, on the way back, all must be in its place at once.
  const [starting, setStarting] = useState(!started)
  const [inSight] = useState(atOnce)
  useEffect(() => {
    started = true
    // When what is in sight can be seen.
    const frame = requestAnimationFrame(() => setTimeout(() => startTransition(() => setStarting(false))))
    return () => cancelAnimationFrame(frame)
  }, [])
  const drawn = starting ? inSight : books.length
  return (
    <ul aria-busy={stale} className={classes(gridLook.grid, stale && 'opacity-60')}>
      {books.map((book, place) =>
        place < drawn ? (
          <BookItem key={book.id} book={book} eager={place < inSight} />
        ) : (
          <li key={book.id} aria-hidden className={gridLook.place} />
        ),
      )}
    </ul>
  )
}

function BookItem({ book, eager }: { book: BookCard; eager: boolean }) {
  const { t } = useTranslation('catalogue')
  const { title, authors, coverUrl } = book
  const standing = standingOf(book)
  return (
    <BookLook
      cover={<Cover title={title} authors={authors} url={coverUrl} eager={eager} className={gridLook.cover} />}
      title={
        <Link to={`/books/${book.id}`} state={{ fromBrowse: true }} className={gridLook.link}>
          {title}
        </Link>
      }
      authors={authors}
      standing={standing}
      standingName={t(`standing.${standing}`)}
    />
  )
}

/** As large as what comes. */
export function BookGridSkeleton({ count }: { count: number }) {
  return (
    <div className={gridLook.grid}>
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
