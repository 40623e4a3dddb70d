import { UserPlus, UsersRound } from 'lucide'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormats } from '@/i18n/format'
import { Button } from '@/ui/Button'
import { EmptyState, Skeleton } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { PageHeader } from '@/ui/Layout'
import { LoadMore } from '@/ui/LoadMore'
import { AddMemberDialog } from './AddMemberDialog'
import { MemberDialogs, type MemberAction } from './MemberDialogs'
import { MemberSearch } from './MemberSearch'
import { MemberTable } from './MemberTable'
import { useMemberFilters } from './member-filters'
import { useMembers } from './queries'
import { Watched } from './Watched'

export default function MembersPage() {
  const { t } = useTranslation('administration')
  const format = useFormats()
  const { filters, change, clear } = useMemberFilters()
  const members = useMembers(filters)
  const [adding, setAdding] = useState(false)
  const [action, setAction] = useState<MemberAction>()
  const total = members.data?.pages[0]?.pagination.total
  return (
    <>
      <PageHeader
        title={t('members.title')}
        actions={
          <Button icon={<Icon of={UserPlus} className="size-5" />} onClick={() => setAdding(true)}>
            {t('members.add')}
          </Button>
        }
      />
      <MemberSearch filters={filters} onChange={change} />
      <p role="status" className="mb-3 min-h-6 text-sm text-soft">
        {total !== undefined && t('members.found', { count: total, number: format.number(total) })}
      </p>
      <Watched query={members} skeleton={<Skeleton className="h-120 rounded-lg" />}>
        {({ pages }) =>
          total === 0 ? (
            <EmptyState
              icon={<Icon of={UsersRound} className="size-6" />}
              title={t('members.none')}
              action={
                <Button variant="secondary" onClick={clear}>
                  {t('members.all')}
                </Button>
              }
            >
              {t('members.noneHint')}
            </EmptyState>
          ) : (
            <>
              <MemberTable members={pages.flatMap((page) => page.items)} onAction={setAction} />
              <LoadMore
                hasMore={members.hasNextPage}
                loading={members.isFetchingNextPage}
                onMore={members.fetchNextPage}
              />
            </>
          )
        }
      </Watched>
      <AddMemberDialog open={adding} onOpenChange={setAdding} />
      <MemberDialogs action={action} onClose={() => setAction(undefined)} />
    </>
  )
}
