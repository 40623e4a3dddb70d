import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from './Button'

/** The end of a list that goes on: loads more when it comes near, and is a button for those who do not scroll. */
export function LoadMore({ hasMore, loading, onMore }: { hasMore: boolean; loading: boolean; onMore: () => void }) {
  const { t } = useTranslation()
  const sentinel = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = sentinel.current
    if (!element || !hasMore || loading) return
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && onMore(), { rootMargin: '600px' })
    observer.observe(element)
    return () => observer.disconnect()
  }, [hasMore, loading, onMore])
  if (!hasMore) return null
  return (
    <div ref={sentinel} className="flex justify-center py-8">
      <Button variant="secondary" pending={loading} onClick={() => onMore()}>
        {t('loadMore')}
      </Button>
    </div>
  )
}
