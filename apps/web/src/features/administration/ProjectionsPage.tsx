import { Eraser, RefreshCw } from 'lucide'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormats } from '@/i18n/format'
import { Button } from '@/ui/Button'
import { Skeleton, StatusPill } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { Card, PageHeader } from '@/ui/Layout'
import { Progress } from '@/ui/Progress'
import { useClearCache, useRebuild } from './commands'
import { SETTLED, useProjections, type Projection } from './queries'
import { Watched } from './Watched'

export default function ProjectionsPage() {
  const { t } = useTranslation('administration')
  /** When rebuilds were asked for here, by name. */
  const [asked, setAsked] = useState<Record<string, number>>({})
  const projections = useProjections(Math.max(0, ...Object.values(asked)))
  const clearCache = useClearCache(t('cache.cleared'))
  return (
    <>
      <PageHeader title={t('projections.title')} lead={t('projections.lead')} />
      <Watched query={projections} skeleton={<Skeleton className="h-120 rounded-lg" />}>
        {(rows) => (
          <ul className="grid gap-4 md:grid-cols-2">
            {rows.map((row) => (
              <ProjectionCard
                key={row.name}
                projection={row}
                asked={asked[row.name]}
                seen={projections.dataUpdatedAt}
                onAsked={() => setAsked((before) => ({ ...before, [row.name]: Date.now() }))}
              />
            ))}
          </ul>
        )}
      </Watched>
      <Card className="mt-8 flex flex-wrap items-center justify-between gap-x-6 gap-y-4">
        <div className="min-w-0 flex-1 basis-64">
          <h2 className="text-heading">{t('cache.title')}</h2>
          <p className="mt-1 text-pretty text-soft">{t('cache.text')}</p>
        </div>
        <Button
          variant="secondary"
          className="max-sm:w-full"
          icon={<Icon of={Eraser} className="size-5" />}
          pending={clearCache.pending}
          onClick={() => clearCache.run()}
        >
          {t('cache.clear')}
        </Button>
      </Card>
    </>
  )
}

function ProjectionCard({
  projection,
  asked,
  seen,
  onAsked,
}: {
  projection: Projection
  asked: number | undefined
  /** When `projection` was so. */
  seen: number
  onAsked: () => void
}) {
  const { t } = useTranslation('administration')
  const format = useFormats()
  const rebuild = useRebuild({ onDone: onAsked })
  const { name, ready, documents, rebuilding, away } = projection
  const begun = asked !== undefined && seen < asked + SETTLED
  const underWay = rebuild.pending || begun || Boolean(rebuilding)
  const done = rebuilding?.documents ?? 0
  return (
    <li className="flex flex-col gap-4 rounded-lg border border-line bg-card p-4 sm:p-6">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h2 className="text-heading">{useProjectionName(name)}</h2>
        <StatusPill tone={ready ? 'free' : 'due'}>
          {t(away ? 'projections.away' : ready ? 'projections.ready' : 'projections.notReady')}
        </StatusPill>
      </div>
      <p className="text-soft">
        {away
          ? t('projections.awayText')
          : t('projections.documents', { count: documents, number: format.number(documents) })}
      </p>
      <div className="mt-auto flex min-h-11 flex-wrap items-center gap-x-4 gap-y-2">
        {underWay ? (
          <div className="w-full">
            <Progress
              label={t('projections.rebuilding')}
              value={rebuilding && documents > 0 ? Math.min(done / documents, 1) : undefined}
              text={t('projections.written', { count: done, number: format.number(done) })}
            />
          </div>
        ) : away ? null : (
          <Button
            variant="secondary"
            icon={<Icon of={RefreshCw} className="size-5" />}
            aria-label={t('projections.rebuildOf', { name })}
            onClick={() => rebuild.run(name)}
          >
            {t('projections.rebuild')}
          </Button>
        )}
        <p role="status" className="text-free empty:hidden">
          {asked !== undefined && !underWay && t('projections.rebuilt')}
        </p>
      </div>
    </li>
  )
}

const named = ['auth', 'books', 'borrowing', 'notifications', 'users'] as const

function useProjectionName(name: string): string {
  const { t } = useTranslation('administration')
  const known = named.find((other) => other === name)
  return known ? t(`projections.names.${known}`) : name
}
