import { Circle } from 'lucide'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useFormats } from '@/i18n/format'
import { Button } from '@/ui/Button'
import { classes } from '@/ui/classes'
import { sameTag } from '@/ui/form/tags'
import { Icon } from '@/ui/Icon'
import { Written } from '@/ui/Written'
import { AvailableToggle } from './AvailableToggle'
import { FacetSkeleton } from './FacetSkeleton'
import { searchOf, type Filters } from './filters'
import { useFacets } from './queries'

const SHOWN = 8

/** By what the list can be narrowed down. Every choice is a link: it can be opened, copied and gone back from. */
export default function FilterPanel({ filters }: { filters: Filters }) {
  const { t } = useTranslation('catalogue')
  const format = useFormats()
  const { data, isPending } = useFacets(filters)
  const categories = data?.categories.map(({ name, count }) => ({ value: name, label: name, count }))
  const languages = data?.languages.map(({ code, count }) => ({
    value: code,
    label: format.languageName(code),
    count,
  }))
  return (
    <div className="flex flex-col gap-6">
      <AvailableToggle filters={filters} off={<Icon of={Circle} className="size-5 shrink-0 text-control" />} />
      {isPending ? (
        <FacetSkeleton rows={SHOWN} />
      ) : (
        <>
          <Facet name="category" title={t('filters.category')} filters={filters} options={categories ?? []} />
          <Facet name="language" title={t('filters.language')} filters={filters} options={languages ?? []} />
        </>
      )}
    </div>
  )
}

interface Option {
  value: string
  label: string
  count: number
}

function Facet({
  name,
  title,
  filters,
  options,
}: {
  name: 'category' | 'language'
  title: string
  filters: Filters
  options: Option[]
}) {
  const { t } = useTranslation('catalogue')
  const id = useId()
  const [all, setAll] = useState(false)
  const chosen = filters[name]
  if (options.length < 2 && !chosen) return null
  const shown = all || options.length <= SHOWN + 1 ? options : options.slice(0, SHOWN)
  return (
    <section aria-labelledby={id}>
      <h2 id={id} className="mb-1 font-sans text-sm font-medium text-soft">
        {title}
      </h2>
      <ul>
        <FacetLink to={{ ...filters, [name]: undefined }} current={!chosen}>
          {t('filters.all')}
        </FacetLink>
        {shown.map(({ value, label, count }) => (
          <FacetLink
            key={value}
            to={{ ...filters, [name]: value }}
            current={chosen !== undefined && sameTag(value, chosen)}
            count={count}
          >
            {label}
          </FacetLink>
        ))}
      </ul>
      {shown.length < options.length || all ? (
        <Button variant="quiet" size="small" className="-ml-3" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? t('filters.fewer') : t('filters.more', { count: options.length })}
        </Button>
      ) : null}
    </section>
  )
}

function FacetLink({
  to,
  current,
  count,
  children,
}: {
  to: Filters
  current: boolean
  count?: number
  children: string
}) {
  const { t } = useTranslation('catalogue')
  const format = useFormats()
  return (
    <li>
      <Link
        to={{ search: searchOf(to) }}
        aria-current={current || undefined}
        className={classes(
          '-mx-3 flex min-h-9 items-center justify-between gap-3 rounded-md px-3 py-1 transition-colors pointer-coarse:min-h-11',
          current ? 'font-medium' : 'hover:bg-sunken',
          current && count !== undefined && 'bg-sunken text-ink',
        )}
      >
        <Written as="span" className="min-w-0 text-left first-letter:uppercase">
          {children}
        </Written>
        {count !== undefined && (
          <span className={classes('text-sm tabular-nums', !current && 'text-soft')}>
            <span aria-hidden>{format.number(count)}</span>
            <span className="sr-only">{t('filters.books', { count })}</span>
          </span>
        )}
      </Link>
    </li>
  )
}
