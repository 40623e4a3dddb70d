import { CalendarDays, Download } from 'lucide'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormats } from '@/i18n/format'
import { localeOf } from '@/i18n/language'
import { Button } from '@/ui/Button'
import { DataTable } from '@/ui/DataTable'
import { EmptyState, Skeleton } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { PageHeader } from '@/ui/Layout'
import { useMonthFile } from './commands'
import { useMonths, type Month } from './queries'
import { Watched } from './Watched'

export default function MonthsPage() {
  const { t } = useTranslation('administration')
  const months = useMonths()
  return (
    <>
      <PageHeader title={t('months.title')} lead={t('months.lead')} />
      <Watched query={months} skeleton={<Skeleton className="h-160 rounded-lg" />}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState icon={<Icon of={CalendarDays} className="size-6" />} title={t('months.none')}>
              {t('months.noneHint')}
            </EmptyState>
          ) : (
            <Months all={all} />
          )
        }
      </Watched>
    </>
  )
}

function Months({ all }: { all: readonly Month[] }) {
  const { t } = useTranslation('administration')
  const nameOf = useMonthName()
  const [chosen, setChosen] = useState('')
  const month = all.find((one) => one.month === chosen) ?? all[0]
  if (!month) return null
  return (
    <>
      <FigureTable months={all} />
      <div className="mt-10 mb-4 flex flex-wrap items-end justify-between gap-x-6 gap-y-4">
        <label className="flex flex-col gap-1.5">
          <span className="font-medium">{t('months.month')}</span>
          <select
            className="min-h-11 rounded-md border border-line bg-card px-3"
            value={month.month}
            onChange={({ target }) => setChosen(target.value)}
          >
            {all.map((one) => (
              <option key={one.month} value={one.month}>
                {nameOf(one.month)}
              </option>
            ))}
          </select>
        </label>
        <Save month={month.month} />
      </div>
      <MostAsked month={month} />
    </>
  )
}

function FigureTable({ months }: { months: readonly Month[] }) {
  const { t } = useTranslation('administration')
  const format = useFormats()
  const nameOf = useMonthName()
  const figures = [
    'books',
    'newBooks',
    'requests',
    'loans',
    'given',
    'returned',
    'late',
    'members',
    'newMembers',
  ] as const
  return (
    <DataTable
      caption={t('months.title')}
      rows={months}
      rowKey={(row) => row.month}
      columns={[
        { label: t('months.month'), heading: true, cell: (row) => nameOf(row.month) },
        ...figures.map((figure) => ({
          label: t(`months.${figure}`),
          align: 'end' as const,
          cell: (row: Month) => format.number(row[figure]),
        })),
      ]}
    />
  )
}

function Save({ month }: { month: string }) {
  const { t } = useTranslation('administration')
  const file = useMonthFile(t('months.saved'))
  return (
    <Button
      variant="secondary"
      className="max-sm:w-full"
      icon={<Icon of={Download} className="size-5" />}
      pending={file.pending}
      onClick={() => file.run(month)}
    >
      {t('months.save')}
    </Button>
  )
}

function MostAsked({ month: { mostAsked } }: { month: Month }) {
  const { t } = useTranslation('administration')
  const format = useFormats()
  return (
    <section aria-labelledby="most-asked" className="mt-6">
      <h2 id="most-asked" className="mb-4 font-serif text-heading font-semibold">
        {t('months.mostAsked')}
      </h2>
      {mostAsked.length === 0 ? (
        <p className="text-soft">{t('months.nothingAsked')}</p>
      ) : (
        <DataTable
          caption={t('months.mostAsked')}
          rows={mostAsked}
          rowKey={({ title, author }) => `${title}\n${author}`}
          columns={[
            { label: t('months.bookTitle'), heading: true, cell: ({ title }) => <span lang="">{title}</span> },
            { label: t('months.author'), cell: ({ author }) => author },
            { label: t('months.requests'), align: 'end', cell: ({ requests }) => format.number(requests) },
          ]}
        />
      )}
    </section>
  )
}

/** "October 2026" of `2026-10`. */
function useMonthName(): (month: string) => string {
  const { i18n } = useTranslation()
  const written = new Intl.DateTimeFormat(localeOf(i18n.language), { month: 'long', year: 'numeric', timeZone: 'UTC' })
  return (month) => written.format(new Date(`${month}-01T00:00:00Z`))
}
