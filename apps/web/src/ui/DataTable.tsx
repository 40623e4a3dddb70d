import type { ReactNode } from 'react'
import { classes } from './classes'

export interface Column<Row> {
  /** The head of the column; the label of the value on phones. */
  label: string
  cell: (row: Row) => ReactNode
  /** Names the row: comes first, and heads the card on phones. */
  heading?: boolean
  align?: 'end'
}

/** A table on wide screens, a stack of cards on phones. */
export function DataTable<Row>({
  caption,
  columns,
  rows,
  rowKey,
  actions,
}: {
  /** Says what the table holds; for screen readers. */
  caption: string
  columns: ReadonlyArray<Column<Row>>
  rows: readonly Row[]
  rowKey: (row: Row) => string | number
  /** `corner`: a small button, which on phones stands in the upper corner of the card. */
  actions?: { label: string; cell: (row: Row) => ReactNode; corner?: boolean }
}) {
  const side = (column: Column<Row>) => (column.align === 'end' ? 'sm:text-right tabular-nums' : undefined)
  return (
    <div
      className="sm:overflow-x-auto sm:rounded-lg sm:border sm:border-line sm:bg-card"
      role="region"
      aria-label={caption}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls sideways must be reachable by keyboard
      tabIndex={0}
    >
      <table className="w-full max-sm:block">
        <caption className="sr-only">{caption}</caption>
        <thead className="max-sm:sr-only">
          <tr className="border-b border-line text-left text-sm text-soft">
            {columns.map((column) => (
              <th key={column.label} scope="col" className={classes('px-4 py-3 font-medium', side(column))}>
                {column.label}
              </th>
            ))}
            {actions && (
              <th scope="col" className="px-4 py-3">
                <span className="sr-only">{actions.label}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody className="max-sm:flex max-sm:flex-col max-sm:gap-3">
          {rows.map((row) => (
            <tr
              key={rowKey(row)}
              className="border-line max-sm:relative max-sm:flex max-sm:flex-col max-sm:gap-1.5 max-sm:rounded-lg max-sm:border max-sm:bg-card max-sm:p-4 sm:border-b sm:last:border-b-0"
            >
              {columns.map((column) => {
                const Cell = column.heading ? 'th' : 'td'
                return (
                  <Cell
                    key={column.label}
                    {...(column.heading && { scope: 'row' as const })}
                    className={classes(
                      'text-left align-baseline font-normal max-sm:flex max-sm:items-baseline max-sm:gap-3 sm:px-4 sm:py-3',
                      column.heading && 'font-medium',
                      side(column),
                    )}
                  >
                    {!column.heading && (
                      <span aria-hidden className="w-28 shrink-0 text-sm text-soft sm:hidden">
                        {column.label}
                      </span>
                    )}
                    <div className="min-w-0 flex-1 max-sm:text-[0.9375rem]">{column.cell(row)}</div>
                  </Cell>
                )
              })}
              {actions && (
                <td
                  className={classes(
                    'sm:px-4 sm:py-2 sm:text-right',
                    actions.corner ? 'max-sm:absolute max-sm:top-3 max-sm:right-2' : 'max-sm:mt-2',
                  )}
                >
                  {actions.cell(row)}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
