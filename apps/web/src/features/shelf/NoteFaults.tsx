import { useTranslation } from 'react-i18next'
import { Written } from '@/ui/Written'
import { readIsbn } from './isbn'
import { saidIn, type NoteField, type NotedRow } from './row-notes'

/** What of a row was not taken as it stood, field by field. */
export function NoteFaults({ noted: { fields, values } }: { noted: NotedRow }) {
  const { t } = useTranslation('shelf')
  const why = (field: NoteField, said: string) => {
    const read = field === 'isbn' ? readIsbn(said) : undefined
    return read && !('isbn' in read) ? t(`isbn.fault.${read.fault}`) : t(`notes.why.${field}`)
  }
  return (
    <ul className="flex flex-col gap-1.5">
      {fields.map((field) => {
        const said = saidIn(field, values)
        return (
          <li key={field}>
            <span className="font-medium">
              {field === 'copies' ? t('column.copies') : t(`field.${field}`, { count: values.authors?.length ?? 1 })}
            </span>{' '}
            {said && <Written className="rounded-sm bg-due-soft px-1.5 text-due">{said}</Written>}{' '}
            <span className="block text-sm text-soft">{why(field, said)}</span>
          </li>
        )
      })}
    </ul>
  )
}
