import { Plus } from 'lucide'
import { useTranslation } from 'react-i18next'
import { ErrorState } from '@/api/ErrorState'
import { LinkButton } from '@/ui/Button'
import { Cover } from '@/ui/Cover'
import { Loading, Skeleton } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { Card } from '@/ui/Layout'
import { Written, WrittenList } from '@/ui/Written'
import { useBook } from './queries'

/** The last step: it is on the shelf; what now? */
export function Added({ id }: { id: string }) {
  const { t } = useTranslation('shelf')
  const { data: book, error, refetch } = useBook(id)
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!book)
    return (
      <Loading>
        <Skeleton className="h-72" />
      </Loading>
    )
  return (
    <Card className="flex flex-col items-center gap-6 text-center sm:flex-row sm:items-start sm:text-left">
      <div className="w-36 shrink-0">
        <Cover title={book.title} authors={book.authors} url={book.coverUrl ?? null} eager />
      </div>
      <div className="flex min-w-0 flex-1 flex-col gap-2">
        <p role="status" className="font-medium text-free">
          {t('added.onShelf')}
        </p>
        <Written as="h2" className="line-clamp-4 text-heading">
          {book.title}
        </Written>
        <WrittenList as="p" className="line-clamp-2 text-soft" items={book.authors} />
        <p>{t(`added.${book.lending as 'lend'}`)}</p>
        <div className="mt-4 flex flex-col gap-3 sm:flex-row sm:flex-wrap">
          <LinkButton to="/shelf/add" icon={<Icon of={Plus} className="size-5" />}>
            {t('added.another')}
          </LinkButton>
          <LinkButton variant="secondary" to={`/books/${book.id}`}>
            {t('added.see')}
          </LinkButton>
        </div>
      </div>
    </Card>
  )
}
