import { FileWarning, LoaderCircle } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useFormats } from '@/i18n/format'
import { Notice } from '@/ui/Feedback'
import { rowsDone } from './import-progress'
import { isUnderWay, useImports, type ImportSummary } from './queries'

/** An import that runs, or whose rows wait to be repaired, is found again from the shelf. */
export function ImportNotice() {
  const { data: imports = [] } = useImports()
  const running = imports.find(isUnderWay)
  const unfinished = running ?? imports.find(({ failed }) => failed > 0)
  if (!unfinished) return null
  return (
    <div className="mb-6">
      <Unfinished of={unfinished} />
    </div>
  )
}

function Unfinished({ of: { id, status, failed, total, ...counts } }: { of: ImportSummary }) {
  const { t } = useTranslation('shelf')
  const format = useFormats()
  const underWay = isUnderWay({ status })
  const done = rowsDone({ ...counts, failed, total })
  return (
    <Notice
      tone={underWay ? 'accent' : 'due'}
      icon={
        underWay ? (
          <LoaderCircle aria-hidden className="size-5 animate-spin" />
        ) : (
          <FileWarning aria-hidden className="size-5" />
        )
      }
    >
      <div className="flex flex-wrap items-center justify-between gap-x-4">
        <p>
          {underWay
            ? t('notice.running', { done: format.number(done), total: format.number(total) })
            : t('notice.unfinished', { count: failed, number: format.number(failed) })}
        </p>
        <Link
          to={`/shelf/import/${id}`}
          className="-my-2 inline-flex min-h-11 items-center font-medium underline underline-offset-4"
        >
          {t(underWay ? 'notice.watch' : 'notice.repair')}
        </Link>
      </div>
    </Notice>
  )
}
