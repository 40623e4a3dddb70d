import { useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormats } from '@/i18n/format'
import { Button } from '@/ui/Button'
import { DataTable } from '@/ui/DataTable'
import { Notice } from '@/ui/Feedback'
import { Written } from '@/ui/Written'
import { bookRules, type BookField } from './book-form'
import { useSkipRow } from './commands'
import type { Import } from './imports'
import { RepairDialog } from './RepairDialog'
import { badRows, type BadRow } from './row-repair'
import { useFieldText } from './useFieldText'

/** The rows that were not taken: what is wrong with each, and what can be done. */
export function BadRows({ data }: { data: Import }) {
  const { t } = useTranslation('shelf')
  const rows = useMemo(() => badRows(data.errors), [data.errors])
  const [from, setFrom] = useState<number>()
  const heading = useRef<HTMLHeadingElement>(null)
  const faultsOf = useFaults()
  const allDone = rows.length === 0
  if (allDone && data.repaired === 0) return null

  const buttonOf = (row: number | undefined) => document.getElementById(`repair-${row}`) ?? heading.current
  const rowAfter = (row: number) => rows.find((other) => other.row > row)?.row

  return (
    <section className="flex flex-col gap-4">
      <div>
        <h2 ref={heading} tabIndex={-1} className="text-heading">
          {allDone ? t('repair.allDone') : t('repair.title', { count: data.failed })}
        </h2>
        {!allDone && <p className="mt-1 max-w-prose text-soft">{t('repair.text', { count: data.failed })}</p>}
      </div>
      {!allDone && (
        <DataTable
          caption={t('repair.title', { count: data.failed })}
          rows={rows}
          rowKey={({ row }) => row}
          columns={[
            { label: t('repair.row'), heading: true, cell: ({ row }) => <RowName row={row} /> },
            { label: t('repair.wrong'), cell: (bad) => <Faults faults={faultsOf(bad)} bad={bad} /> },
            { label: t('repair.read'), cell: (bad) => <Read bad={bad} /> },
          ]}
          actions={{
            label: t('repair.actions'),
            cell: ({ row }) => (
              <RowActions
                importId={data.id}
                row={row}
                onRepair={() => setFrom(row)}
                onSkipped={() => buttonOf(rowAfter(row))?.focus()}
              />
            ),
          }}
        />
      )}
      {data.failed > rows.length && <Notice>{t('repair.more', { count: data.failed - rows.length })}</Notice>}
      <RepairDialog
        importId={data.id}
        rows={from === undefined ? [] : rows.filter(({ row }) => row >= from)}
        onClose={() => setFrom(undefined)}
        focusAfterwards={(row) => buttonOf(row)}
      />
    </section>
  )
}

function RowName({ row }: { row: number }) {
  const { t } = useTranslation('shelf')
  const format = useFormats()
  return (
    <>
      <span className="sm:hidden">{t('repair.nthRow', { row: format.number(row) })}</span>
      <span className="hidden tabular-nums sm:inline">{format.number(row)}</span>
    </>
  )
}

/** What is wrong with a row, in the reader's words: by the same rules as in the form that repairs it. */
function useFaults(): (bad: BadRow) => ReadonlyMap<BookField, string> {
  const { t } = useTranslation('shelf')
  const rules = useMemo(() => bookRules(t), [t])
  return ({ wrong, values }) => {
    const { error } = rules.safeParse(values)
    const said = new Map(error?.issues.toReversed().map(({ path, message }) => [path[0], message]))
    return new Map(wrong.map((field) => [field, said.get(field) ?? t('repair.check')]))
  }
}

function Faults({ faults, bad }: { faults: ReadonlyMap<BookField, string>; bad: BadRow }) {
  const { t } = useTranslation('shelf')
  const saying = useFieldText()
  if (faults.size === 0) return t('repair.wholeRow')
  return (
    <ul className="flex flex-col gap-2">
      {[...faults].map(([field, message]) => {
        const said = saying(field, bad.values)
        return (
          <li key={field}>
            <span className="font-medium">{t(`field.${field}`, { count: bad.values.authors.length })}</span>{' '}
            {said && <Written className="ml-1 rounded-sm bg-late-soft px-1.5 text-late">{said}</Written>}
            <span className="block text-sm text-soft">{message}</span>
          </li>
        )
      })}
    </ul>
  )
}

function Read({ bad: { wrong, values } }: { bad: BadRow }) {
  const { t } = useTranslation('shelf')
  const saying = useFieldText()
  const rest = (['isbn', 'publishedYear', 'language', 'categories'] as const)
    .filter((field) => !wrong.includes(field))
    .map((field) => saying(field, values))
  return (
    <>
      <Written as="span" className="line-clamp-2 text-left">
        {values.title || t('repair.noTitle')}
      </Written>
      <Written as="span" className="line-clamp-1 text-left text-soft">
        {saying('authors', values)}
      </Written>
      <Written as="span" className="line-clamp-1 text-left text-sm text-soft">
        {rest.filter(Boolean).join(' · ')}
      </Written>
    </>
  )
}

function RowActions({
  importId,
  row,
  onRepair,
  onSkipped,
}: {
  importId: string
  row: number
  onRepair: () => void
  onSkipped: () => void
}) {
  const { t } = useTranslation('shelf')
  const skip = useSkipRow(importId, { said: t('repair.skipped', { row }), afterwards: onSkipped })
  return (
    <div className="flex gap-2 sm:justify-end">
      <Button
        id={`repair-${row}`}
        size="small"
        variant="secondary"
        aria-label={t('repair.repairRow', { row })}
        onClick={onRepair}
      >
        {t('repair.repair')}
      </Button>
      <Button
        size="small"
        variant="quiet"
        pending={skip.pending}
        aria-label={t('repair.skipRow', { row })}
        onClick={() => skip.run({ row })}
      >
        {t('repair.skip')}
      </Button>
    </div>
  )
}
