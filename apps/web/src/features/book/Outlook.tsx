import { useQueryClient } from '@tanstack/react-query'
import { Pencil } from 'lucide'
import { lazy, Suspense, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { keys } from '@/api/keys'
import { loginPath } from '@/api/Require'
import { useSession } from '@/api/useSession'
import { type BookCard, mayBeAskedFor, type Standing, standingLooks, standingOf } from '@/features/catalogue'
import { useFormats } from '@/i18n/format'
import { Button, LinkButton } from '@/ui/Button'
import { Skeleton, StatusPill } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { Card } from '@/ui/Layout'
import { fetchAhead } from '@/ui/fetch-ahead'
import { outlookText } from './outlook'
import { useAvailability, type Availability } from './queries'
import { useAsking } from './useAsking'

const load = () => import('./AskDialog')
const AskDialog = lazy(load)

/** Whether the book can be had, when if not, and what one can do about it. */
export function Outlook({ book, own }: { book: BookCard; own: boolean }) {
  const { t } = useTranslation('book')
  const { t: words } = useTranslation('catalogue')
  const card = useRef<HTMLDivElement>(null)
  const says = useRef<HTMLDivElement>(null)
  const format = useFormats()
  const { data: now } = useAvailability(book.id)
  const standing = standingOf({ ...book, status: now?.status ?? book.status })
  const { icon, tone } = standingLooks[standing]
  const { status } = useSession()
  const askable = !own && !now?.mine && mayBeAskedFor(standing)
  const asking = useAsking(book.id, !askable)
  const queries = useQueryClient()
  // Newer than what is drawn: the dialog closes with the answer.
  const hasAsked = () => Boolean(queries.getQueryData<Availability>(keys.books.availability(book.id))?.mine)
  const lines = now && outlookText(t, format, { standing, owner: book.owner.name, own, now })
  return (
    <Card ref={card} className="flex flex-col gap-4">
      <div ref={says} role="status" tabIndex={-1} className="flex flex-col items-start gap-3">
        <StatusPill tone={tone} icon={<Icon of={icon} className="size-4" />}>
          {words(`standing.${standing}`)}
        </StatusPill>
        {lines ? (
          <div className="flex flex-col gap-1 text-pretty">
            {lines.map((line) => (
              <p key={line}>{line}</p>
            ))}
          </div>
        ) : (
          <Skeleton className="h-6 w-4/5" />
        )}
      </div>
      {own ? (
        <OwnActions id={book.id} waiting={(now?.waiting ?? 0) > 0} />
      ) : now?.mine ? (
        <MineLink borrow={now.mine} />
      ) : (
        askable && <AskButton standing={standing} asking={asking} />
      )}
      {asking.wanted && (
        <Suspense>
          <AskDialog
            open={asking.isOpen && (status === 'member' || status === 'expired')}
            onClose={asking.close}
            book={book}
            finalFocus={() => (hasAsked() ? says.current : (card.current?.querySelector('button') ?? says.current))}
          />
        </Suspense>
      )}
    </Card>
  )
}

function OwnActions({ id, waiting }: { id: string; waiting: boolean }) {
  const { t } = useTranslation('book')
  return (
    <div className="flex flex-wrap gap-3">
      {waiting && <LinkButton to="/loans">{t('outlook.own.requests')}</LinkButton>}
      <LinkButton to={`/books/${id}/edit`} variant="secondary" icon={<Icon of={Pencil} className="size-4" />}>
        {t('page.edit')}
      </LinkButton>
    </div>
  )
}

function MineLink({ borrow }: { borrow: NonNullable<Availability['mine']> }) {
  const { t } = useTranslation('book')
  const asked = borrow.status === 'pending' || borrow.status === 'queued'
  return (
    <LinkButton to={`/loans/${borrow.borrowId}`} className="sm:self-start">
      {t(asked ? 'outlook.mine.seeRequest' : 'outlook.mine.seeLoan')}
    </LinkButton>
  )
}

function AskButton({ standing, asking }: { standing: Standing; asking: ReturnType<typeof useAsking> }) {
  const { t } = useTranslation('book')
  const { status } = useSession()
  useEffect(() => (status === 'member' ? fetchAhead(load) : undefined), [status])
  const words = standing === 'available' ? 'ask.borrow' : standing === 'give' ? 'ask.have' : 'ask.queue'
  if (status === 'visitor') {
    return (
      <div className="flex flex-col gap-2 sm:items-start">
        <LinkButton to={loginPath(asking.path)}>{t(words)}</LinkButton>
        <p className="text-sm text-soft">{t('ask.visitor')}</p>
      </div>
    )
  }
  return (
    <Button
      className="sm:self-start"
      aria-haspopup="dialog"
      onPointerEnter={() => void load().catch(() => {})}
      onFocus={() => void load().catch(() => {})}
      onClick={asking.open}
    >
      {t(words)}
    </Button>
  )
}
