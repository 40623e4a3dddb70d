import { useTranslation } from 'react-i18next'
import { useFormats } from '@/i18n/format'
import { Written } from '@/ui/Written'
import { BadRows } from './BadRows'
import type { Import } from './imports'
import { LeftOut } from './LeftOut'
import { Notes } from './Notes'

/** What became of every row of a file, the most urgent first. */
export function ImportReport({ data }: { data: Import }) {
  return (
    <>
      <BadRows data={data} />
      <Notes data={data} />
      <LeftOut data={data} />
      <IgnoredColumns columns={data.ignoredColumns} />
    </>
  )
}

function IgnoredColumns({ columns }: { columns: Import['ignoredColumns'] }) {
  const { t } = useTranslation('shelf')
  const format = useFormats()
  if (columns.length === 0) return null
  return (
    <section className="flex flex-col gap-2">
      <h2 className="text-heading">{t('ignored.title')}</h2>
      <p className="max-w-prose text-soft">{t('ignored.text')}</p>
      <ul className="flex flex-wrap gap-2">
        {columns.map(({ name, filled }, place) => (
          // oxlint-disable-next-line react/no-array-index-key -- two columns of a file may have the same name
          <li key={place} className="max-w-full rounded-md bg-sunken px-2.5 py-1 text-sm">
            <Written>{name || t('ignored.unnamed')}</Written>{' '}
            <span className="text-soft">{t('review.rows', { count: filled, number: format.number(filled) })}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
