import { ChevronDown } from 'lucide'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { ErrorState } from '@/api/ErrorState'
import { isNotFound } from '@/api/problem'
import type { components } from '@/api/schema'
import { useFormats } from '@/i18n/format'
import { Loading, Skeleton } from '@/ui/Feedback'
import { Field } from '@/ui/Field'
import { Icon } from '@/ui/Icon'
import { useHistory } from './queries'

/** What happened to a book, newest first: for its owner and moderators. Fetched when somebody opens it. */
export function BookHistory({ id }: { id: string }) {
  const { t } = useTranslation('book')
  const [open, setOpen] = useState(false)
  return (
    <details
      className="group border-t border-line pt-2"
      onToggle={(event) => setOpen(event.currentTarget.open)}
      open={open}
    >
      <summary className="flex min-h-11 cursor-pointer list-none items-center justify-between gap-4 [&::-webkit-details-marker]:hidden">
        <h2 className="text-heading">{t('history.title')}</h2>
        <Icon of={ChevronDown} className="size-5 text-soft transition-transform group-open:rotate-180" />
      </summary>
      <div className="pt-3">{open && <PastAndPresent id={id} />}</div>
    </details>
  )
}

const happenings = {
  'book.created': 'history.created',
  'book.updated': 'history.updated',
  'book.deleted': 'history.deleted',
  'book.borrowed': 'history.borrowed',
  'book.returned': 'history.returned',
} as const

function wordsFor(type: string) {
  return type in happenings ? happenings[type as keyof typeof happenings] : 'history.other'
}

function PastAndPresent({ id }: { id: string }) {
  const { t } = useTranslation('book')
  const [at, setAt] = useState<string>()
  return (
    <div className="flex flex-col gap-5">
      <Field label={t('history.asOf')} className="max-w-64">
        {(control) => (
          <input
            {...control}
            type="datetime-local"
            className="control"
            onChange={(event) => setAt(instantOf(event.currentTarget.value))}
          />
        )}
      </Field>
      <Happenings id={id} at={at} />
    </div>
  )
}

/** From the value of the field, which speaks of the reader's own clock. The future is not known: now will do. */
function instantOf(local: string): string | undefined {
  const instant = Date.parse(local)
  return Number.isNaN(instant) || instant > Date.now() ? undefined : new Date(instant).toISOString()
}

/** How the book was then. */
function Then({ state }: { state: components['schemas']['BookSnapshot'] }) {
  const { t } = useTranslation('book')
  const mode = ['lend', 'give', 'off'].includes(state.lending) ? (state.lending as 'lend' | 'give' | 'off') : 'off'
  return (
    <p role="status">
      {t('history.then', { title: state.title })} {t(state.outWith ? 'history.out' : `history.${mode}`)}
    </p>
  )
}

function Happenings({ id, at }: { id: string; at: string | undefined }) {
  const { t } = useTranslation('book')
  const format = useFormats()
  const history = useHistory(id, at)
  if (history.isPending) {
    return (
      <Loading className="flex flex-col gap-4">
        <Skeleton className="h-11" />
        <Skeleton className="h-11" />
      </Loading>
    )
  }
  if (at && isNotFound(history.error)) return <p role="status">{t('history.notYet')}</p>
  if (history.error) return <ErrorState error={history.error} onRetry={() => void history.refetch()} />
  const state = at && history.data.at(-1)?.state
  return (
    <>
      {state && <Then state={state} />}
      <ol className="flex flex-col gap-4 border-l border-line pl-5">
        {history.data.toReversed().map((entry, place) => {
          const { borrowId } = entry.data as { borrowId?: string }
          return (
            <li key={place} className="relative">
              <span aria-hidden className="absolute top-2 -left-[1.5rem] size-2 rounded-full bg-control" />
              <p>
                {t(wordsFor(entry.type))}
                {entry.actor && <span className="text-soft"> {t('history.by', { name: entry.actor.name })}</span>}
                {borrowId && (
                  <Link to={`/loans/${borrowId}`} className="ml-3 link">
                    {t('history.loan')}
                  </Link>
                )}
              </p>
              <time dateTime={entry.at} className="text-sm text-soft">
                {format.moment(entry.at)}
              </time>
            </li>
          )
        })}
      </ol>
    </>
  )
}
