import { useTranslation } from 'react-i18next'
import { useFormats } from '@/i18n/format'
import { Button, LinkButton } from '@/ui/Button'
import { Notice } from '@/ui/Feedback'
import { Written, WrittenList } from '@/ui/Written'
import { useSkipRow } from './commands'
import type { Import } from './imports'
import { NoteFaults } from './NoteFaults'
import { notedRows, type NotedRow } from './row-notes'

/** Books that came to the shelf without all that their rows said. */
export function Notes({ data }: { data: Import }) {
  const { t } = useTranslation('shelf')
  const rows = notedRows(data.notes)
  if (rows.length === 0) return null
  return (
    <section className="flex flex-col gap-3">
      <div>
        <h2 className="text-heading">{t('notes.title', { count: data.noted })}</h2>
        <p className="mt-1 max-w-prose text-soft">{t('notes.text', { count: data.noted })}</p>
      </div>
      <ul className="divide-y divide-line rounded-lg border border-line bg-card">
        {rows.map((noted) => (
          <Row key={noted.row} importId={data.id} noted={noted} />
        ))}
      </ul>
      {data.noted > rows.length && <Notice>{t('notes.more', { count: data.noted - rows.length })}</Notice>}
    </section>
  )
}

function Row({ importId, noted }: { importId: string; noted: NotedRow }) {
  const { t } = useTranslation('shelf')
  const format = useFormats()
  const { row, bookId, values } = noted
  const title = values.title || t('repair.noTitle')
  const done = useSkipRow(importId)
  return (
    <li className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3 px-4 py-3">
      <div className="flex min-w-0 flex-1 basis-64 flex-col gap-2">
        <div>
          <Written as="p" className="line-clamp-2 text-left font-medium">
            {title}
          </Written>
          {values.authors && <WrittenList as="p" className="truncate text-left text-soft" items={values.authors} />}
          <p className="text-sm text-soft">{t('repair.nthRow', { row: format.number(row) })}</p>
        </div>
        <NoteFaults noted={noted} />
      </div>
      <div className="flex flex-wrap gap-2">
        <LinkButton
          size="small"
          variant="secondary"
          to={`/books/${bookId}/edit?import=${importId}&row=${row}`}
          aria-label={t('notes.repairOf', { title })}
        >
          {t('notes.repair')}
        </LinkButton>
        <Button
          size="small"
          variant="quiet"
          pending={done.pending}
          aria-label={t('notes.leaveOf', { title })}
          onClick={() => done.run({ row })}
        >
          {t('notes.leave')}
        </Button>
      </div>
    </li>
  )
}
