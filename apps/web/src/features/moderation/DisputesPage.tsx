import { Scale } from 'lucide'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { ErrorState } from '@/api/ErrorState'
import { useUserId } from '@/api/useSession'
import { useFormats } from '@/i18n/format'
import { PersonLink } from '@/features/people'
import { Avatar } from '@/ui/Avatar'
import { LinkButton } from '@/ui/Button'
import { Cover } from '@/ui/Cover'
import { EmptyState, Loading, Notice, Skeleton, StatusPill } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { Card, PageHeader, QueryTabs } from '@/ui/Layout'
import { LoadMore } from '@/ui/LoadMore'
import { Quote } from '@/ui/Quote'
import { Written, WrittenList } from '@/ui/Written'
import { disputeLists, useDisputes, type Dispute, type DisputeList } from './queries'

export default function DisputesPage() {
  const { t } = useTranslation('moderation')
  const [search] = useSearchParams()
  const list = disputeLists.find((one) => one === search.get('show')) ?? 'open'
  return (
    <>
      <PageHeader title={t('disputes.title')} lead={t('disputes.lead')} />
      <QueryTabs
        label={t('disputes.title')}
        parameter="show"
        tabs={disputeLists.map((value) => ({ value, label: t(`lists.${value}`) }))}
      />
      <Disputes key={list} list={list} />
    </>
  )
}

function Disputes({ list }: { list: DisputeList }) {
  const { t } = useTranslation('moderation')
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useDisputes(list)
  const disputes = data?.pages.flatMap(({ items }) => items)
  if (disputes?.length === 0)
    return (
      <EmptyState icon={<Icon of={Scale} className="size-6" />} title={t(`empty.${list}.title`)}>
        {t(`empty.${list}.text`)}
      </EmptyState>
    )
  if (disputes)
    return (
      <>
        <ul className="flex flex-col gap-4">
          {disputes.map((dispute) => (
            <DisputeCard key={dispute.id} dispute={dispute} />
          ))}
        </ul>
        <LoadMore hasMore={hasNextPage} loading={isFetchingNextPage} onMore={() => void fetchNextPage()} />
      </>
    )
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />
  return (
    <Loading className="flex flex-col gap-4">
      {[1, 2].map((card) => (
        <Skeleton key={card} className="h-72 sm:h-60" />
      ))}
    </Loading>
  )
}

/** Both sides and the way to settle it, or what came of it. */
function DisputeCard({ dispute }: { dispute: Dispute }) {
  const { t } = useTranslation('moderation')
  const format = useFormats()
  const userId = useUserId()
  const { id, book, owner, borrower, status, note, returnDeclaredAt, handedOverAt, dueAt, resolution } = dispute
  const involved = owner.id === userId || borrower.id === userId
  const open = status === 'disputed'
  return (
    <li>
      <Card className="flex flex-col gap-5">
        <div className="flex gap-4">
          <div className="w-14 shrink-0">
            <Cover title={book.title} authors={book.authors} url={book.coverUrl ?? null} />
          </div>
          <div className="min-w-0 flex-1">
            <Written as="h2" className="line-clamp-2 text-heading">
              {book.title}
            </Written>
            <WrittenList as="p" className="line-clamp-2 text-sm text-soft" items={book.authors} />
            {handedOverAt && dueAt && (
              <p className="mt-1 text-sm text-soft">
                {t('lent', { from: format.day(handedOverAt), until: format.day(dueAt) })}
              </p>
            )}
          </div>
        </div>
        <div className="grid gap-5 sm:grid-cols-2">
          <Side person={owner} role={t('owner')} words={open ? note : null}>
            {open && t('ownerSays')}
          </Side>
          <Side person={borrower} role={t('borrower')}>
            {open &&
              (returnDeclaredAt ? t('borrowerSays', { when: format.day(returnDeclaredAt) }) : t('borrowerSilent'))}
          </Side>
        </div>
        {!open && resolution ? (
          <Decision dispute={dispute} resolution={resolution} />
        ) : involved ? (
          <Notice icon={<Icon of={Scale} className="size-5" />}>{t('involved')}</Notice>
        ) : (
          <LinkButton
            to={`/loans/${id}`}
            variant="secondary"
            className="sm:self-start"
            aria-label={t('lookNamed', { title: book.title })}
          >
            {t('look')}
          </LinkButton>
        )}
      </Card>
    </li>
  )
}

/** What came of it: what was decided, by whom and why, and how the loan stands today. */
function Decision({
  dispute: { id, book, status },
  resolution: { outcome, by, note, at },
}: {
  dispute: Dispute
  resolution: NonNullable<Dispute['resolution']>
}) {
  const { t } = useTranslation('moderation')
  const format = useFormats()
  const userId = useUserId()
  const who = !by ? 'nobody' : by.id === userId ? 'me' : 'other'
  return (
    <div className="flex flex-col gap-2 border-t border-line pt-4">
      <p>{t(`decided.${outcome}.${who}`, { name: by?.name, when: format.day(at) })}</p>
      {note && <Quote>{note}</Quote>}
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <StatusPill tone={status === 'lost' ? 'late' : 'neutral'}>{t(`now.${status}`)}</StatusPill>
        <Link
          to={`/loans/${id}`}
          className="inline-flex min-h-11 items-center link sm:ml-auto"
          aria-label={t('openNamed', { title: book.title })}
        >
          {t('open')}
        </Link>
      </p>
    </div>
  )
}

export function Side({
  person,
  role,
  words,
  children,
}: {
  person: Dispute['owner']
  role: string
  words?: string | null | undefined
  children?: ReactNode
}) {
  return (
    <section className="flex gap-3" aria-label={`${role}: ${person.name}`}>
      <Avatar name={person.name} />
      <div className="min-w-0 flex-1">
        <p className="text-sm text-soft">{role}</p>
        <h3 className="-my-2 leading-tight">
          <PersonLink person={person} tall />
        </h3>
        {children && <p className="mt-1 text-pretty">{children}</p>}
        {words && <Quote>{words}</Quote>}
      </div>
    </section>
  )
}
