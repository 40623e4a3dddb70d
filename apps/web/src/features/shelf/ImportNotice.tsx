import { useQueryClient } from '@tanstack/react-query'
import { FileQuestion, FileWarning, LoaderCircle } from 'lucide'
import { useEffect, useRef, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { keys } from '@/api/keys'
import { useFormats } from '@/i18n/format'
import { Notice } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { useFormatName } from './import-format'
import { rowsDone } from './import-progress'
import type { ImportSummary, OpenRows } from './imports'
import { isUnderWay, useImports, useOpenRows } from './queries'

/** Imports that run, that wait for a word, and rows that need repair are found again from the shelf. */
export function ImportNotice() {
  const { data: imports = [] } = useImports()
  const { data: open } = useOpenRows()
  const running = imports.find(isUnderWay)
  useOutcome(running !== undefined)
  const rows = open && open.failed + open.noted > 0
  if (!running && !rows && !open?.reviews.length) return null
  return (
    <div className="mb-6 flex flex-col gap-3">
      {running && <Running of={running} />}
      {open && open.reviews.length > 0 && <Waiting reviews={open.reviews} />}
      {rows && <Open open={open} imports={imports} />}
    </div>
  )
}

/** Fetches what an import leaves behind as soon as it is over, for whoever waits for it on the shelf. */
function useOutcome(running: boolean): void {
  const queries = useQueryClient()
  const before = useRef(running)
  useEffect(() => {
    if (before.current && !running) {
      void queries.invalidateQueries({ queryKey: keys.books.all })
      void queries.invalidateQueries({ queryKey: keys.imports.open })
    }
    before.current = running
  }, [queries, running])
}

function Running({ of: summary }: { of: ImportSummary }) {
  const { t } = useTranslation('shelf')
  const format = useFormats()
  return (
    <Notice tone="plain" icon={<Icon of={LoaderCircle} className="size-5 animate-spin" />}>
      <div className="flex flex-wrap items-center justify-between gap-x-4">
        <p>{t('notice.running', { done: format.number(rowsDone(summary)), total: format.number(summary.total) })}</p>
        <NoticeLink to={`/shelf/import/${summary.id}`}>{t('notice.watch')}</NoticeLink>
      </div>
    </Notice>
  )
}

function Waiting({ reviews }: { reviews: readonly string[] }) {
  const { t } = useTranslation('shelf')
  const [only] = reviews
  return (
    <Notice tone="plain" icon={<Icon of={FileQuestion} className="size-5" />}>
      <div className="flex flex-wrap items-center justify-between gap-x-4">
        <p>{t('notice.waiting', { count: reviews.length })}</p>
        <NoticeLink to={reviews.length === 1 ? `/shelf/import/${only}` : '/shelf/import'}>
          {t('notice.continue')}
        </NoticeLink>
      </div>
    </Notice>
  )
}

/** Imports that are named in the notice; the page of imports lists the rest. */
const NAMED = 3

function Open({ open, imports }: { open: OpenRows; imports: readonly ImportSummary[] }) {
  const { t } = useTranslation('shelf')
  const format = useFormats()
  const formatName = useFormatName()
  const { failed, noted } = open
  const [only] = open.imports
  const several = open.imports.length > 1
  const count = (count: number) => ({ count, number: format.number(count) })
  const summaryOf = (id: string) => imports.find((summary) => summary.id === id)
  return (
    <Notice tone="due" icon={<Icon of={FileWarning} className="size-5" />}>
      <div className="flex flex-wrap items-center justify-between gap-x-4">
        <div>
          {failed > 0 && <p>{t('notice.unfinished', count(failed))}</p>}
          {noted > 0 && <p>{t('notice.noted', count(noted))}</p>}
        </div>
        {only && !several && <NoticeLink to={`/shelf/import/${only}`}>{t('notice.look')}</NoticeLink>}
      </div>
      {several && (
        <ul>
          {open.imports.slice(0, NAMED).map((id) => {
            const summary = summaryOf(id)
            return (
              <li key={id}>
                {/* Two may have begun in the same minute: the program tells them apart. */}
                <NoticeLink to={`/shelf/import/${id}`} below={summary?.format && formatName(summary.format)}>
                  {summary ? t('notice.lookAt', { when: format.moment(summary.createdAt) }) : t('notice.lookAtOlder')}
                </NoticeLink>
              </li>
            )
          })}
          {open.imports.length > NAMED && (
            <li>
              <NoticeLink to="/shelf/import">{t('notice.allImports')}</NoticeLink>
            </li>
          )}
        </ul>
      )}
    </Notice>
  )
}

function NoticeLink({ to, below, children }: { to: string; below?: ReactNode; children: ReactNode }) {
  return (
    <Link to={to} className="inline-flex min-h-11 flex-col justify-center py-1">
      <span className="font-medium underline underline-offset-4">{children}</span>
      {below && <span className="text-sm"> {below}</span>}
    </Link>
  )
}
