import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { ListFilter } from 'lucide'
import { useMemo, useState } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import * as z from 'zod/mini'
import { Button, LinkButton } from '@/ui/Button'
import { TextField } from '@/ui/form/fields'
import { Form } from '@/ui/form/Form'
import { Icon } from '@/ui/Icon'
import { Card } from '@/ui/Layout'
import { filterNames } from './event-filters'
import { instantOf, localOf } from './moments'
import type { EventFilters } from './queries'

const NAME = /^[A-Za-z0-9_.-]{0,100}$/
const AGGREGATE = /^$|^([A-Za-z0-9_.-]{1,100}:)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export function EventFilter({ filters }: { filters: EventFilters }) {
  const { t } = useTranslation('administration')
  const [, setSearch] = useSearchParams()
  const count = filterNames.filter((name) => filters[name]).length
  const [open, setOpen] = useState(count > 0)
  const schema = useMemo(
    () =>
      z.object({
        type: z.string().check(z.trim(), z.regex(NAME, t('events.typeWrong'))),
        aggregate: z.string().check(z.trim(), z.regex(AGGREGATE, t('events.aggregateWrong'))),
        from: z.string(),
        to: z.string(),
      }),
    [t],
  )
  const form = useForm({
    resolver: standardSchemaResolver(schema),
    defaultValues: {
      type: filters.type ?? '',
      aggregate: filters.aggregate ?? '',
      from: localOf(filters.from ?? null),
      to: localOf(filters.to ?? null),
    },
  })

  return (
    <div className="mb-6 flex flex-col gap-3">
      <Button
        variant="secondary"
        className="self-start"
        icon={<Icon of={ListFilter} className="size-5" />}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {count > 0 ? t('events.filtersOn', { count }) : t('events.filters')}
      </Button>
      {open && (
        <Card>
          <Form
            form={form}
            className="grid gap-x-4 gap-y-5 sm:grid-cols-2"
            onSubmit={({ type, aggregate, from, to }) => {
              const given = { type, aggregate, from: instantOf(from), to: instantOf(to) }
              setSearch(
                Object.fromEntries(Object.entries(given).flatMap(([name, value]) => (value ? [[name, value]] : []))),
              )
            }}
          >
            <TextField name="type" label={t('events.type')} hint={t('events.typeHint')} {...plainWords} />
            <TextField
              name="aggregate"
              label={t('events.aggregate')}
              hint={t('events.aggregateHint')}
              {...plainWords}
            />
            <TextField name="from" label={t('events.from')} type="datetime-local" />
            <TextField name="to" label={t('events.to')} type="datetime-local" />
            <div className="flex flex-col gap-3 sm:col-span-2 sm:flex-row">
              <Button type="submit">{t('events.apply')}</Button>
              {count > 0 && (
                <LinkButton to="/admin/events" variant="quiet">
                  {t('events.all')}
                </LinkButton>
              )}
            </div>
          </Form>
        </Card>
      )}
    </div>
  )
}

const plainWords = { autoComplete: 'off', autoCapitalize: 'none', spellCheck: false } as const
