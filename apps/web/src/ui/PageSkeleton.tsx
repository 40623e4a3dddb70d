import { Loading, Skeleton } from './Feedback'

/** Holds the place of a page of which nothing is known yet. */
export function PageSkeleton() {
  return (
    <Loading className="flex flex-col gap-6">
      <Skeleton className="h-10 w-56" />
      <Skeleton className="h-32" />
      <Skeleton className="h-32" />
    </Loading>
  )
}
