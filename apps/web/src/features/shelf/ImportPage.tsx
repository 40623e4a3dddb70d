import { FileX } from 'lucide'
import { useEffect } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router'
import { ErrorState } from '@/api/ErrorState'
import { keys } from '@/api/keys'
import { isNotFound } from '@/api/problem'
import { useFormats } from '@/i18n/format'
import { Button, LinkButton } from '@/ui/Button'
import { EmptyState, Loading, Notice, Skeleton } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { Card, PageHeader } from '@/ui/Layout'
import { Progress } from '@/ui/Progress'
import { rowsDone, shareDone } from './import-progress'
import { ImportReport } from './ImportReport'
import type { Import } from './imports'
import { isUnderWay, useImport } from './queries'
import { ReviewImport } from './ReviewImport'
import { useOriginal } from './useExport'

/** The file as it was sent, as long as the community keeps it. */
function Original({ id }: { id: string }) {
  const { t } = useTranslation('shelf')
  const original = useOriginal(id)
  return (
    <Button variant="secondary" className="mt-6" pending={original.pending} onClick={() => original.run()}>
      {t('original.action')}
    </Button>
  )
}

export default function ImportPage() {
  const { t } = useTranslation('shelf')
  const format = useFormats()
  const { id = '' } = useParams()
  const { data, error, refetch } = useImport(id)
  useBooksComing(data)
  return (
    <div className="mx-auto max-w-4xl">
      <PageHeader
        title={t('import.title')}
        back={{ to: '/shelf', label: t('shelf.title') }}
        {...(data && { lead: t('import.started', { when: format.moment(data.createdAt) }) })}
      />
      {data ? (
        data.review ? (
          <ReviewImport key={data.id} data={data} review={data.review} />
        ) : (
          <div className="flex flex-col gap-8">
            <Outcome data={data} />
            {!isUnderWay(data) && <ImportReport data={data} />}
          </div>
        )
      ) : error ? (
        isNotFound(error) ? (
          <EmptyState
            icon={<Icon of={FileX} className="size-6" />}
            title={t('import.gone')}
            action={<LinkButton to="/shelf/import">{t('startImport.title')}</LinkButton>}
          >
            {t('import.goneText')}
          </EmptyState>
        ) : (
          <ErrorState error={error} onRetry={() => void refetch()} />
        )
      ) : (
        <Loading>
          <Skeleton className="h-52" />
        </Loading>
      )}
      {data?.fileKept && <Original id={data.id} />}
    </div>
  )
}

/** What an import leaves is stale once it is over: books, and rows that wait for the member. */
function useBooksComing(data: Import | undefined) {
  const queries = useQueryClient()
  const imported = data?.imported ?? 0
  const over = data !== undefined && !isUnderWay(data)
  useEffect(() => {
    if (!over) return
    if (imported > 0) void queries.invalidateQueries({ queryKey: keys.books.all })
    void queries.invalidateQueries({ queryKey: keys.imports.list })
    void queries.invalidateQueries({ queryKey: keys.imports.open })
  }, [queries, over, imported])
}

function Outcome({ data }: { data: Import }) {
  const { t } = useTranslation('shelf')
  const format = useFormats()
  const underWay = isUnderWay(data)
  const counts = (
    [
      ['imported', data.imported],
      ['duplicates', data.duplicates],
      ['skipped', data.skipped],
      ['noted', data.noted],
      ['failed', data.failed],
      ['repaired', data.repaired],
      ['superseded', data.superseded],
    ] as const
  ).filter(([name, count]) => count > 0 || name === 'imported')
  return (
    <Card className="flex flex-col gap-6">
      {underWay ? (
        <Progress
          label={t(`import.${data.status as 'running'}`)}
          value={data.status === 'receiving' ? undefined : shareDone(data)}
          text={
            data.status === 'receiving'
              ? ''
              : t('import.progress', { done: format.number(rowsDone(data)), total: format.number(data.total) })
          }
        />
      ) : data.status === 'failed' ? (
        <Notice tone="late">{t('import.brokenOff')}</Notice>
      ) : (
        <h2 className="text-heading">
          {t('import.done', { count: data.imported, number: format.number(data.imported) })}
        </h2>
      )}
      <p role="status" className="sr-only">
        {!underWay && t('import.done', { count: data.imported, number: format.number(data.imported) })}
      </p>
      <dl className="grid grid-cols-2 gap-x-6 gap-y-4 sm:grid-cols-4">
        {counts.map(([name, count]) => (
          <div key={name} className="flex flex-col-reverse justify-end border-l-2 border-line pl-3">
            <dt className="text-sm text-soft">{t(`import.count.${name}`, { count })}</dt>
            <dd className="font-serif text-heading font-semibold tabular-nums">{format.number(count)}</dd>
          </div>
        ))}
      </dl>
      {!underWay && (
        <div className="flex flex-col gap-3 sm:flex-row">
          <LinkButton to="/shelf" variant={data.failed + data.noted > 0 ? 'secondary' : 'primary'}>
            {t('import.toShelf')}
          </LinkButton>
          <LinkButton to="/shelf/import" variant="quiet">
            {t('import.another')}
          </LinkButton>
        </div>
      )}
    </Card>
  )
}
