import { ChevronRight } from 'lucide'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useFormats } from '@/i18n/format'
import { Button } from '@/ui/Button'
import { Notice } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { Written, WrittenList } from '@/ui/Written'
import { useAddLeftOut } from './commands'
import type { Import } from './imports'
import { leftOutGroups, type LeftOutGroup, type LeftOutRow } from './left-out'

/** A group with more rows is folded away. */
const FEW = 5
/** Rows of a group that are shown at first. */
const SHOWN = 50

/** Rows that are on no shelf although nothing is wrong with them, by reason. */
export function LeftOut({ data }: { data: Import }) {
  const { t } = useTranslation('shelf')
  const format = useFormats()
  const groups = leftOutGroups(data)
  const count = groups.reduce((sum, group) => sum + group.count, 0)
  if (count === 0) return null
  return (
    <section className="flex flex-col gap-3">
      <div>
        <h2 className="text-heading">{t('leftOut.title', { count, number: format.number(count) })}</h2>
        <p className="mt-1 max-w-prose text-soft">{t('leftOut.text', { count })}</p>
      </div>
      {groups.map((group) => (
        <Group key={group.reason} importId={data.id} group={group} />
      ))}
    </section>
  )
}

function Group({ importId, group: { reason, count, rows } }: { importId: string; group: LeftOutGroup }) {
  const { t } = useTranslation('shelf')
  const format = useFormats()
  const [few] = useState(rows.length <= FEW)
  const [all, setAll] = useState(false)
  const shown = all ? rows : rows.slice(0, SHOWN)
  return (
    <details open={few} className="group rounded-lg border border-line bg-card">
      <summary className="flex min-h-12 cursor-pointer items-center gap-2 px-4 py-2 font-medium">
        <Icon of={ChevronRight} className="size-5 shrink-0 transition-transform group-open:rotate-90" />
        <span className="min-w-0 flex-1">{t(`leftOut.reason.${reason}`)}</span>{' '}
        <span className="text-soft tabular-nums">{format.number(count)}</span>
      </summary>
      <ul className="divide-y divide-line border-t border-line">
        {shown.map((row) => (
          <Row key={row.row} importId={importId} row={row} />
        ))}
      </ul>
      {shown.length < rows.length && (
        <Button variant="quiet" className="m-2" onClick={() => setAll(true)}>
          {t('leftOut.showAll', { count: rows.length, number: format.number(rows.length) })}
        </Button>
      )}
      {count > rows.length && (
        <div className="p-3">
          <Notice>
            {t('leftOut.more', { count: count - rows.length, number: format.number(count - rows.length) })}
          </Notice>
        </div>
      )}
    </details>
  )
}

function Row({ importId, row }: { importId: string; row: LeftOutRow }) {
  const { t } = useTranslation('shelf')
  const format = useFormats()
  const title = row.title || t('repair.noTitle')
  const add = useAddLeftOut(importId, t('leftOut.added', { title }))
  const isBook = Boolean(row.title) && row.authors.length > 0
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-2">
      <div className="min-w-0 flex-1 basis-56">
        <Written as="p" className="line-clamp-2 text-left font-medium">
          {title}
        </Written>
        {row.authors.length > 0 && <WrittenList as="p" className="truncate text-left text-soft" items={row.authors} />}
        <p className="text-sm text-soft">
          {t('repair.nthRow', { row: format.number(row.row) })}
          {row.copies > 1 && ` · ${t('leftOut.copies', { count: row.copies, number: format.number(row.copies) })}`}
          {row.bookId && (
            <>
              {' · '}
              <Link
                to={`/books/${row.bookId}`}
                className="inline-flex min-h-6 items-center underline underline-offset-4 pointer-coarse:min-h-11"
                aria-label={t('leftOut.sameOf', { title, row: row.row })}
              >
                {t('leftOut.same')}
              </Link>
            </>
          )}
        </p>
      </div>
      {isBook && (
        <Button
          size="small"
          variant="secondary"
          pending={add.pending}
          aria-label={t('leftOut.addOf', { title, row: row.row })}
          onClick={() => add.run({ row: row.row })}
        >
          {t('leftOut.add')}
        </Button>
      )}
    </li>
  )
}
