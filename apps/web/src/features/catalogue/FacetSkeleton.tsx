import { Loading, Skeleton } from '@/ui/Feedback'

export function FacetSkeleton({ rows }: { rows: number }) {
  return (
    <Loading className="flex flex-col gap-3 pt-1">
      {Array.from({ length: rows }, (_, place) => (
        <Skeleton key={place} className="h-6" />
      ))}
    </Loading>
  )
}
