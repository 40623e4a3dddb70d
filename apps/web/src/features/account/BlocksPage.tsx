import { UserCheck } from 'lucide'
import { useTranslation } from 'react-i18next'
import { ErrorState } from '@/api/ErrorState'
import { PersonLink, useBlocks, useUnblock, type Block } from '@/features/people'
import { useFormats } from '@/i18n/format'
import { Avatar } from '@/ui/Avatar'
import { Button } from '@/ui/Button'
import { EmptyState, Loading, Skeleton } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { PageHeader } from '@/ui/Layout'
import { LoadMore } from '@/ui/LoadMore'

export default function BlocksPage() {
  const { t } = useTranslation('account')
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useBlocks()
  const blocks = data?.pages.flatMap(({ items }) => items)
  return (
    <div className="max-w-2xl">
      <PageHeader title={t('blocks.title')} lead={t('blocks.lead')} />
      {blocks?.length === 0 && !hasNextPage ? (
        <EmptyState icon={<Icon of={UserCheck} className="size-6" />} title={t('blocks.none')}>
          {t('blocks.noneText')}
        </EmptyState>
      ) : blocks ? (
        <>
          <ul className="flex flex-col gap-3">
            {blocks.map((block) => (
              <BlockCard key={block.user.id} block={block} />
            ))}
          </ul>
          <LoadMore hasMore={hasNextPage} loading={isFetchingNextPage} onMore={() => void fetchNextPage()} />
        </>
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <Loading className="flex flex-col gap-3">
          <Skeleton className="h-20 rounded-lg" />
          <Skeleton className="h-20 rounded-lg" />
        </Loading>
      )}
    </div>
  )
}

function BlockCard({ block: { user, blockedAt } }: { block: Block }) {
  const { t } = useTranslation('account')
  const format = useFormats()
  const unblock = useUnblock()
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-3 rounded-lg border border-line bg-card p-4">
      <Avatar name={user.name} />
      <div className="min-w-0 flex-1 basis-48">
        <PersonLink person={user} tall className="-my-2 font-medium" />
        <p className="text-sm text-soft">{t('blocks.since', { day: format.day(blockedAt) })}</p>
      </div>
      <Button
        variant="secondary"
        size="small"
        className="max-sm:w-full"
        aria-label={t('blocks.unblockOf', { name: user.name })}
        pending={unblock.pending}
        onClick={() => unblock.run(user)}
      >
        {t('blocks.unblock')}
      </Button>
    </li>
  )
}
