import { MapPin, Clock } from 'lucide'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useUserId } from '@/api/useSession'
import { useFormats } from '@/i18n/format'
import { LinkButton } from '@/ui/Button'
import { DueDate } from '@/ui/DueDate'
import { Icon } from '@/ui/Icon'
import { Card } from '@/ui/Layout'
import { Written } from '@/ui/Written'
import { ActionButtons } from './ActionButtons'
import { useBookDue } from './queries'
import { isOverdue, otherOf, statusId, wasGiven, type Loan, type Part } from './loan'
import { accessOf, FIELD, hasMessages, TALK } from './talk/talk'

/** Where the loan stands in a sentence, and what there is to do. Said aloud when it changes. */
export function NextStep({ loan, part, gives }: { loan: Loan; part: Part; gives: boolean }) {
  const { t } = useTranslation('loans')
  const format = useFormats()
  const userId = useUserId()
  const situation = situationOf(loan, part, gives)
  const words = {
    owner: loan.owner.name,
    borrower: loan.borrower.name,
    days: t('days', { count: loan.extensionRequested ?? loan.days }),
    position: format.number(loan.queuePosition ?? 1),
    when: loan.returnDeclaredAt ? format.day(loan.returnDeclaredAt) : '',
    moderator: loan.resolution?.by?.name ?? '',
    settledOn: loan.resolution ? format.day(loan.resolution.at) : '',
  }
  const text = isSettled(situation) ? settledBy(loan, userId) : (`now.${situation}.text` as const)
  return (
    <section aria-labelledby={statusId(loan)}>
      <Card className="flex flex-col gap-4">
        <div role="status" className="flex flex-col gap-1.5">
          <h2 id={statusId(loan)} tabIndex={-1} className="text-heading">
            {t(`now.${situation}.title`, words)}
          </h2>
          <p className="max-w-prose text-pretty text-soft">{t(text, words)}</p>
        </div>
        {loan.status === 'active' && loan.dueAt && <DueDate at={loan.dueAt} className="text-lg text-balance" />}
        {loan.status === 'queued' && <Outlook loan={loan} />}
        {loan.status === 'approved' && <Appointment loan={loan} />}
        {loan.status === 'approved' && part === 'owner' && loan.handOverCode && (
          <HandOverCode code={loan.handOverCode} />
        )}
        <ActionButtons loan={loan} part={part} gives={gives} />
        <Afterwards loan={loan} part={part} />
        <ToMessages loan={loan} part={part} />
      </Card>
    </section>
  )
}

type Situation =
  | `${'pending' | 'queued' | 'approved' | 'active' | 'overdue' | 'extension' | 'return_pending'}.${'owner' | 'borrower'}`
  | 'pending.giver'
  | 'approved.giver'
  | 'approved.void'
  | 'queued.next'
  | `disputed.${Part}`
  | `given.${'owner' | 'borrower'}`
  | `${'returned' | 'damaged' | 'rejected' | 'lost'}.${'owner' | 'borrower'}`
  | 'cancelled'
  | 'expired.unanswered'
  | 'expired.unfetched'
  | `settled.${NonNullable<Loan['resolution']>['outcome']}`
  | 'reported'
  | 'other'

function isSettled(situation: Situation): situation is Extract<Situation, `settled.${string}`> {
  return situation.startsWith('settled.')
}

function settledBy({ resolution }: Loan, userId: string) {
  if (!resolution?.by) return 'now.settled.byNobody'
  return resolution.by.id === userId ? 'now.settled.byMe' : 'now.settled.byOther'
}

function situationOf(loan: Loan, part: Part, gives: boolean): Situation {
  const { status } = loan
  if (status === 'disputed') return `disputed.${part}`
  if (status === 'cancelled') return 'cancelled'
  if (status === 'expired') return loan.approvedAt ? 'expired.unfetched' : 'expired.unanswered'
  if (part === 'moderator') {
    if (loan.resolution) return `settled.${loan.resolution.outcome}`
    return loan.hasModerators ? 'reported' : 'other'
  }
  if (status === 'approved' && part === 'owner' && !loan.handOverCode) return 'approved.void'
  if ((status === 'pending' || status === 'approved') && part === 'owner' && gives) return `${status}.giver`
  if (status === 'queued' && part === 'borrower' && loan.queuePosition === 1) return 'queued.next'
  if (status === 'active' && loan.extensionRequested) return `extension.${part}`
  if (isOverdue(loan)) return `overdue.${part}`
  if (wasGiven(loan)) return `given.${part}`
  if (status === 'returned' && loan.condition === 'damaged') return `damaged.${part}`
  return `${status}.${part}`
}

/** What is known of when the book comes free. */
function Outlook({ loan }: { loan: Loan }) {
  const { t } = useTranslation('loans')
  const format = useFormats()
  const { data: dueAt } = useBookDue(loan)
  if (!dueAt) return null
  return (
    <p className="flex gap-3">
      <Icon of={Clock} className="mt-0.5 size-5 shrink-0 text-soft" />
      {t('outlook', { when: format.day(dueAt) })}
    </p>
  )
}

/** Until when, and where. The label is in sight: a deadline without one reads as an appointment. */
function Appointment({ loan }: { loan: Loan }) {
  const { t } = useTranslation('loans')
  const format = useFormats()
  return (
    <dl className="flex flex-col gap-3">
      {loan.pickupBy && (
        <Fact icon={<Icon of={Clock} className="size-5" />} label={t('appointment.by')}>
          <time dateTime={loan.pickupBy}>{format.moment(loan.pickupBy)}</time>
          <span className="text-soft"> · {format.relativeDay(loan.pickupBy)}</span>
        </Fact>
      )}
      <Fact icon={<Icon of={MapPin} className="size-5" />} label={t('appointment.place')}>
        {loan.place ? (
          <Written as="span" className="block whitespace-pre-line">
            {loan.place}
          </Written>
        ) : (
          t('appointment.placeOpen')
        )}
      </Fact>
    </dl>
  )
}

function Fact({ icon, label, children }: { icon: ReactNode; label: string; children: ReactNode }) {
  return (
    <div className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3">
      <dt className="col-span-2 grid grid-cols-subgrid items-center text-sm text-soft">
        {icon}
        {label}
      </dt>
      <dd className="col-start-2 min-w-0">{children}</dd>
    </div>
  )
}

/** Read aloud digit by digit, seen in two groups. */
function HandOverCode({ code }: { code: string }) {
  const { t } = useTranslation('loans')
  return (
    <div className="rounded-md bg-sunken px-4 py-4 text-center">
      <p className="text-sm font-medium">{t('code.yours')}</p>
      <p className="font-serif text-4xl font-semibold tracking-[0.12em] tabular-nums sm:text-5xl">
        <span className="sr-only">{[...code].join(' ')}</span>
        <span aria-hidden>
          {code.slice(0, 3)} {code.slice(3)}
        </span>
      </p>
    </div>
  )
}

/** What may come after a loan that is over. */
function Afterwards({ loan, part }: { loan: Loan; part: Part }) {
  const { t } = useTranslation('loans')
  const setAside = loan.status === 'lost' || (loan.status === 'returned' && loan.condition === 'damaged')
  if (part === 'owner' && setAside)
    return (
      <LinkButton to={`/books/${loan.book.id}/edit`} variant="secondary" className="self-start">
        {t('afterwards.edit')}
      </LinkButton>
    )
  if (part === 'borrower' && ['rejected', 'cancelled', 'expired'].includes(loan.status))
    return (
      <LinkButton to={`/books/${loan.book.id}`} variant="secondary" className="self-start">
        {t('afterwards.book')}
      </LinkButton>
    )
  return null
}

/** The messages stand below, on a phone out of sight. */
function ToMessages({ loan, part }: { loan: Loan; part: Part }) {
  const { t } = useTranslation('loans')
  const access = accessOf(loan, part)
  if (loan.unreadMessages && hasMessages(access))
    return (
      <a href={`#${TALK}`} className="inline-flex min-h-11 w-fit items-center link font-semibold">
        {t('line.unread', { count: loan.unreadMessages })}
      </a>
    )
  if (access !== 'open') return null
  return (
    <a
      href={`#${FIELD}`}
      className="inline-flex min-h-11 w-fit items-center link"
      onClick={(event) => {
        event.preventDefault()
        const field = document.getElementById(FIELD)
        field?.scrollIntoView({ block: 'center' })
        field?.focus({ preventScroll: true })
      }}
    >
      {part === 'moderator' ? t('talk.jumpToBoth') : t('talk.jump', { name: otherOf(loan, part).name })}
    </a>
  )
}
