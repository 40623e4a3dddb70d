import { Loading, Skeleton } from '@/ui/Feedback'
import { browseLook } from './look'

export function FacetSkeleton({ rows }: { rows: number }) {
  return (
    <Loading className={browseLook.facets}>
      {Array.from({ length: rows }, (_, place) => (
        <Skeleton key={place} className={browseLook.facet} />
      ))}
    </Loading>
  )
}
