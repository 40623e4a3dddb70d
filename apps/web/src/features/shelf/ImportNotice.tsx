import { FileWarning, LoaderCircle } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useFormats } from '@/i18n/format'
import { Notice } from '@/ui/Feedback'
import { openRows, rowsDone } from './import-progress'
import { isUnderWay, useImports, type ImportSummary } from './queries'

/** Imports that run and rows that need repair are found again from the shelf. */
export function ImportNotice() {
  const { data: imports = [] } = useImports()
  const running = imports.find(isUnderWay)
  const open = openRows(imports)
  if (!running && open.count === 0) return null
  return (
    <div className="mb-6 flex flex-col gap-3">
      {running && <Running of={running} />}
      {open.count > 0 && <OpenRows {...open} />}
    </div>
  )
}

function Running({ of: summary }: { of: ImportSummary }) {
  const { t } = useTranslation('shelf')
  const format = useFormats()
  return (
    <Notice tone="accent" icon={<LoaderCircle aria-hidden className="size-5 animate-spin" />}>
      <div className="flex flex-wrap items-center justify-between gap-x-4">
        <p>{t('notice.running', { done: format.number(rowsDone(summary)), total: format.number(summary.total) })}</p>
        <NoticeLink to={`/shelf/import/${summary.id}`}>{t('notice.watch')}</NoticeLink>
      </div>
    </Notice>
  )
}

/** Imports that are named in the notice; the page of imports lists the rest. */
const NAMED = 3

function OpenRows({ count, imports }: ReturnType<typeof openRows>) {
  const { t } = useTranslation('shelf')
  const format = useFormats()
  const [only] = imports
  return (
    <Notice tone="due" icon={<FileWarning aria-hidden className="size-5" />}>
      <div className="flex flex-wrap items-center justify-between gap-x-4">
        <p>
          {imports.length > 1
            ? t('notice.openInSeveral', { count, number: format.number(count), imports: format.number(imports.length) })
            : t('notice.unfinished', { count, number: format.number(count) })}
        </p>
        {only && imports.length === 1 && <NoticeLink to={`/shelf/import/${only.id}`}>{t('notice.repair')}</NoticeLink>}
      </div>
      {imports.length > 1 && (
        <ul>
          {imports.slice(0, NAMED).map(({ id, failed, createdAt }) => (
            <li key={id}>
              <NoticeLink to={`/shelf/import/${id}`}>
                {t('notice.repairOf', {
                  count: failed,
                  number: format.number(failed),
                  when: format.moment(createdAt),
                })}
              </NoticeLink>
            </li>
          ))}
          {imports.length > NAMED && (
            <li>
              <NoticeLink to="/shelf/import">{t('notice.allImports')}</NoticeLink>
            </li>
          )}
        </ul>
      )}
    </Notice>
  )
}

function NoticeLink({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Link to={to} className="inline-flex min-h-11 items-center font-medium underline underline-offset-4">
      {children}
    </Link>
  )
}
