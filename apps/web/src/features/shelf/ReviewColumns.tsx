import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { classes } from '@/ui/classes'
import { Written } from '@/ui/Written'
import { fieldOf, fields, type Choice, type Column, type Field, type Review } from './review'

/** The first rows of a file, and above each column what it is taken for. Scrolls sideways in its own box, `sr-only` texts too. */
export function ReviewColumns({
  review,
  choice,
  onField,
}: {
  review: Review
  choice: Choice
  onField: (index: number, field: Field | null) => void
}) {
  const { t } = useTranslation('shelf')
  const id = useId()
  const { columns, rows } = review
  const unused = (column: Column) => fieldOf(column, choice) === null && 'text-soft'
  return (
    <div
      role="region"
      aria-labelledby={id}
      className="relative overflow-x-auto rounded-md border border-line bg-card"
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls sideways must be reachable by keyboard
      tabIndex={0}
    >
      <table className="text-sm">
        <caption id={id} className="sr-only">
          {t('review.firstRows')}
        </caption>
        <thead>
          <tr className="border-b border-line">
            {columns.map((column) => (
              <th
                key={column.index}
                scope="col"
                className={classes('max-w-64 min-w-44 p-2 text-left align-bottom font-medium', unused(column))}
              >
                <ColumnHead column={column} choice={choice} onField={(field) => onField(column.index, field)} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, place) => (
            // oxlint-disable-next-line react/no-array-index-key -- the rows of a file never change their places
            <tr key={place} className="border-b border-line last:border-b-0">
              {columns.map((column) => (
                <td key={column.index} className={classes('max-w-64 min-w-44 p-2 align-top', unused(column))}>
                  <Written as="span" className="line-clamp-3 text-left">
                    {row[column.index] ?? ''}
                  </Written>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function ColumnHead({
  column,
  choice,
  onField,
}: {
  column: Column
  choice: Choice
  onField: (field: Field | null) => void
}) {
  const { t } = useTranslation('shelf')
  const id = useId()
  const name = column.name || t('review.unnamed', { place: column.index + 1 })
  // Folkshelf's own mark says how to read the rest: nobody chooses it.
  if (column.field === 'version') return <Written className="line-clamp-2">{name}</Written>
  return (
    <>
      <label htmlFor={id} className="mb-1 line-clamp-2">
        <span className="sr-only">{t('review.column')}</span> <Written>{name}</Written>
      </label>
      <select
        id={id}
        className="control font-normal text-ink"
        value={fieldOf(column, choice) ?? ''}
        onChange={({ target }) => onField((target.value as Field) || null)}
      >
        <option value="">{t('review.notUsed')}</option>
        {fields.map((field) => (
          <option key={field} value={field}>
            {t(`column.${field}`)}
          </option>
        ))}
      </select>
    </>
  )
}
