import { Ban, BookX, Ellipsis, Flag, MapPin, UserX } from 'lucide'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router'
import { ErrorState } from '@/api/ErrorState'
import { ApiProblem, isNotFound } from '@/api/problem'
import { useSession } from '@/api/useSession'
import { BookGrid, BookGridSkeleton, searchOf, useBooks } from '@/features/catalogue'
import { useFormats } from '@/i18n/format'
import { Avatar } from '@/ui/Avatar'
import { Button, IconButton, LinkButton } from '@/ui/Button'
import { EmptyState, Loading, Notice, Skeleton } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { PageHeader, PageTitle } from '@/ui/Layout'
import { Menu, MenuItem } from '@/ui/Menu'
import { titleSize } from '@/ui/title-size'
import { Written } from '@/ui/Written'
import { BlockDialog } from './BlockDialog'
import { useIsBlocked, useUnblock } from './blocks'
import { usePerson, type Person } from './queries'
import { recordOf } from './record'
import { Reporting } from './Reporting'

/** Who somebody is: what they show of themselves, what came of their loans, and their books. */
export default function PersonPage() {
  const { t } = useTranslation('people')
  const { id = '' } = useParams()
  const { data: person, error, refetch } = usePerson(id)
  if (person) return <Somebody person={person} />
  return (
    <>
      <PageHeader title={t(error && isAbsent(error) ? 'missing.title' : 'title')} />
      {!error ? (
        <PersonSkeleton />
      ) : isAbsent(error) ? (
        <EmptyState
          icon={<Icon of={UserX} className="size-6" />}
          title={t('missing.title')}
          action={<LinkButton to="/">{t('missing.action')}</LinkButton>}
        >
          {t('missing.text')}
        </EmptyState>
      ) : (
        <ErrorState error={error} onRetry={() => void refetch()} />
      )}
    </>
  )
}

function isAbsent(error: unknown): boolean {
  return isNotFound(error) || (error instanceof ApiProblem && error.status === 400)
}

function Somebody({ person }: { person: Person }) {
  const { t } = useTranslation('people')
  const format = useFormats()
  const { user } = useSession()
  const { id, name, avatarUrl, memberSince, location, bio } = person
  const blocked = useIsBlocked(id)
  const [asking, setAsking] = useState(false)
  const [reporting, setReporting] = useState<boolean>()
  const header = useRef<HTMLElement>(null)
  return (
    <article className="flex flex-col gap-8">
      <PageTitle>{name}</PageTitle>
      <header ref={header} tabIndex={-1} className="flex items-center gap-4 focus-visible:outline-none sm:gap-6">
        <Avatar name={name} url={avatarUrl ?? null} className="size-16 text-xl sm:size-20" />
        <div className="min-w-0 flex-1">
          <Written as="h1" className={titleSize(name)}>
            {name}
          </Written>
          <p className="text-soft">{t('since', { day: format.day(memberSince) })}</p>
          {location && (
            <p className="flex items-start gap-2">
              <Icon of={MapPin} className="mt-1 size-4 shrink-0 text-soft" />
              <span className="sr-only">{t('place')} </span>
              <Written as="span" className="min-w-0">
                {location}
              </Written>
            </p>
          )}
        </div>
        {user && id !== user.id && (
          <More onReport={() => setReporting(true)} {...(blocked === false && { onBlock: () => setAsking(true) })} />
        )}
      </header>
      {id === user?.id && (
        <Notice>
          <div className="flex flex-wrap items-center justify-between gap-3">
            {t('you')}
            <LinkButton to="/account/profile" variant="secondary" size="small">
              {t('editProfile')}
            </LinkButton>
          </div>
        </Notice>
      )}
      {blocked && <Blocked person={person} />}
      {bio && (
        <Written as="p" className="max-w-prose whitespace-pre-line">
          {bio}
        </Written>
      )}
      <section aria-labelledby="record">
        <h2 id="record" className="mb-2 text-heading">
          {t('record.title')}
        </h2>
        {recordOf(person.counts, t, format).map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
      </section>
      {!blocked && <Books person={person} />}
      <BlockDialog person={person} open={asking} onOpenChange={setAsking} landing={() => header.current} />
      <Reporting person={person} open={reporting} onOpenChange={setReporting} />
    </article>
  )
}

/** What is seldom done with a member. Whoever is blocked already is not blocked again. */
function More({ onBlock, onReport }: { onBlock?: () => void; onReport: () => void }) {
  const { t } = useTranslation('people')
  return (
    <div className="self-start">
      <Menu
        trigger={
          <IconButton label={t('more')}>
            <Icon of={Ellipsis} className="size-5" />
          </IconButton>
        }
      >
        <MenuItem icon={<Icon of={Flag} className="size-5" />} onClick={onReport}>
          {t('report.action')}
        </MenuItem>
        {onBlock && (
          <MenuItem icon={<Icon of={Ban} className="size-5" />} danger onClick={onBlock}>
            {t('block.action')}
          </MenuItem>
        )}
      </Menu>
    </div>
  )
}

function Blocked({ person: { id, name } }: { person: Person }) {
  const { t } = useTranslation('people')
  const unblock = useUnblock()
  return (
    <Notice icon={<Icon of={Ban} className="size-5" />}>
      <div className="flex flex-wrap items-center justify-between gap-3">
        {t('blocked')}
        <Button variant="secondary" size="small" pending={unblock.pending} onClick={() => unblock.run({ id, name })}>
          {t('unblock.action')}
        </Button>
      </div>
    </Notice>
  )
}

function Books({ person: { id, name } }: { person: Person }) {
  const { t } = useTranslation('people')
  const { data, error, refetch } = useBooks({ owner: id })
  const [first] = data?.pages ?? []
  const total = first?.pagination.total ?? 0
  return (
    <section aria-labelledby="books">
      <h2 id="books" className="mb-4 text-heading wrap-anywhere">
        {t('books.title', { name })}
      </h2>
      {first && total === 0 ? (
        <EmptyState icon={<Icon of={BookX} className="size-6" />} title={t('books.none')}>
          {t('books.noneText', { name })}
        </EmptyState>
      ) : first ? (
        <>
          <BookGrid books={first.items} stale={false} />
          {total > first.items.length && (
            <div className="flex justify-center pt-8">
              <LinkButton to={{ pathname: '/', search: searchOf({ owner: id }) }} variant="secondary">
                {t('books.all', { count: total })}
              </LinkButton>
            </div>
          )}
        </>
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <Loading>
          <BookGridSkeleton count={6} />
        </Loading>
      )}
    </section>
  )
}

function PersonSkeleton() {
  return (
    <Loading className="flex flex-col gap-8">
      <div className="flex items-center gap-4">
        <Skeleton className="size-16 rounded-full" />
        <Skeleton className="h-8 w-52" />
      </div>
      <Skeleton className="h-16 max-w-prose" />
      <BookGridSkeleton count={6} />
    </Loading>
  )
}
