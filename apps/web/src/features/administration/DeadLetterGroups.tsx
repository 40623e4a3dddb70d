import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormats } from '@/i18n/format'
import { Button } from '@/ui/Button'
import { ConfirmDialog } from '@/ui/Dialog'
import { StatusPill } from '@/ui/Feedback'
import { useDropGroup, useRetryGroup } from './commands'
import { useDeadLetterGroups, type DeadLetterGroup } from './queries'

/** Dead letters that one defect has caused, to be retried or dropped at once. Not shown where each has a reason of its own. */
export function DeadLetterGroups() {
  const { t } = useTranslation('administration')
  const { data: groups = [] } = useDeadLetterGroups()
  const [dropped, setDropped] = useState<DeadLetterGroup>()
  const drop = useDropGroup({
    said: ({ changed }) => t('deadLetters.groupDropped', { count: changed }),
    onDone: () => setDropped(undefined),
  })
  const several = groups.filter(({ letters }) => letters > 1)
  if (several.length === 0) return null
  return (
    <section aria-labelledby="reasons" className="mb-8 flex flex-col gap-4">
      <h2 id="reasons" className="text-heading">
        {t('deadLetters.reasons')}
      </h2>
      <ul className="flex flex-col gap-4">
        {several.map((group) => (
          <GroupCard key={group.id} group={group} onDrop={setDropped} />
        ))}
      </ul>
      <ConfirmDialog
        open={dropped !== undefined}
        onOpenChange={(open) => !open && setDropped(undefined)}
        title={t('deadLetters.dropGroupTitle', { count: dropped?.letters ?? 0 })}
        description={t('deadLetters.dropGroupText')}
        confirm={t('deadLetters.drop')}
        danger
        pending={drop.pending}
        onConfirm={() => dropped && drop.run(dropped)}
      />
    </section>
  )
}

function GroupCard({ group, onDrop }: { group: DeadLetterGroup; onDrop: (group: DeadLetterGroup) => void }) {
  const { t } = useTranslation('administration')
  const format = useFormats()
  const retry = useRetryGroup({ said: ({ changed }) => t('deadLetters.groupRetried', { count: changed }) })
  return (
    <li className="flex flex-col gap-3 rounded-lg border border-line bg-card p-4 sm:p-6">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h3 className="font-mono text-base font-semibold wrap-anywhere">
          {group.event} → {group.subscription}
        </h3>
        <StatusPill tone="due">{t('deadLetters.letters', { count: group.letters })}</StatusPill>
      </div>
      <p className="text-sm text-soft">{t('deadLetters.since', { moment: format.moment(group.firstParkedAt) })}</p>
      <pre
        dir="ltr"
        className="max-h-60 overflow-y-auto rounded-md bg-late-soft p-4 font-mono text-sm wrap-anywhere whitespace-pre-wrap text-late"
      >
        {group.reason}
      </pre>
      <div className="flex flex-col gap-3 sm:flex-row">
        {group.retryRequested < group.letters && (
          <Button variant="secondary" pending={retry.pending} onClick={() => retry.run(group)}>
            {t('deadLetters.retryGroup')}
          </Button>
        )}
        <Button variant="danger" className="sm:ml-auto" onClick={() => onDrop(group)}>
          {t('deadLetters.dropGroup')}
        </Button>
      </div>
    </li>
  )
}
