import { KeyRound } from 'lucide'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorState } from '@/api/ErrorState'
import { isPast, useFormats } from '@/i18n/format'
import { Button } from '@/ui/Button'
import { ConfirmDialog } from '@/ui/Dialog'
import { EmptyState, Loading, Skeleton, StatusPill } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { PageHeader } from '@/ui/Layout'
import { useEndApiKey } from './commands'
import { MakeKeyDialog } from './MakeKeyDialog'
import { useApiKeys, type ApiKey } from './queries'
import { useScopeText } from './scopes'

export default function ApiKeysPage() {
  const { t } = useTranslation('account')
  const { data: keys, error, refetch } = useApiKeys()
  const [making, setMaking] = useState(false)
  const [ending, setEnding] = useState<ApiKey>()
  const end = useEndApiKey({ said: t('apiKeys.ended'), onDone: () => setEnding(undefined) })
  const make = <Button onClick={() => setMaking(true)}>{t('apiKeys.make')}</Button>
  return (
    <div className="max-w-2xl">
      <PageHeader title={t('apiKeys.title')} lead={t('apiKeys.lead')} />
      {keys ? (
        keys.length === 0 ? (
          <EmptyState icon={<Icon of={KeyRound} className="size-6" />} title={t('apiKeys.none')} action={make}>
            {t('apiKeys.noneHint')}
          </EmptyState>
        ) : (
          <>
            <ul className="mb-4 flex flex-col gap-3">
              {keys.map((key) => (
                <KeyCard key={key.id} of={key} onEnd={setEnding} />
              ))}
            </ul>
            {make}
          </>
        )
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <Loading className="flex flex-col gap-3">
          <Skeleton className="h-28 rounded-lg" />
          <Skeleton className="h-28 rounded-lg" />
        </Loading>
      )}
      <MakeKeyDialog open={making} onOpenChange={setMaking} />
      <ConfirmDialog
        open={ending !== undefined}
        onOpenChange={(open) => !open && setEnding(undefined)}
        title={t('apiKeys.endTitle', { name: ending?.name })}
        description={t('apiKeys.endText')}
        confirm={t('apiKeys.end')}
        danger
        pending={end.pending}
        onConfirm={() => ending && end.run(ending)}
      />
    </div>
  )
}

function KeyCard({ of: key, onEnd }: { of: ApiKey; onEnd: (key: ApiKey) => void }) {
  const { t } = useTranslation('account')
  const format = useFormats()
  const scopeText = useScopeText()
  const over = key.expiresAt !== null && key.expiresAt !== undefined && isPast(key.expiresAt)
  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-3 rounded-lg border border-line bg-card p-4">
      <div className="min-w-0 flex-1 basis-48">
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 font-medium">
          <span className="wrap-anywhere">
            <bdi>{key.name}</bdi>
          </span>
          <code className="text-sm font-normal text-soft">{key.beginning}…</code>
          {over && <StatusPill tone="late">{t('apiKeys.over')}</StatusPill>}
        </p>
        <p className="text-sm">
          {t('apiKeys.may', { list: format.list([t('scopes.read'), ...key.scopes.map(scopeText)]) })}
        </p>
        <ul className="mt-1 flex flex-col text-sm text-soft">
          <li>
            {key.lastUsedAt
              ? t('apiKeys.used', { ago: format.ago(key.lastUsedAt) })
              : t('apiKeys.unused', { at: format.moment(key.createdAt) })}
          </li>
          <li>
            {key.expiresAt
              ? t(over ? 'apiKeys.endedAt' : 'apiKeys.endsAt', { at: format.moment(key.expiresAt) })
              : t('apiKeys.endless')}
          </li>
        </ul>
      </div>
      <Button
        variant="secondary"
        size="small"
        className="max-sm:w-full"
        aria-label={t('apiKeys.endOf', { name: key.name })}
        onClick={() => onEnd(key)}
      >
        {over ? t('apiKeys.remove') : t('apiKeys.end')}
      </Button>
    </li>
  )
}
