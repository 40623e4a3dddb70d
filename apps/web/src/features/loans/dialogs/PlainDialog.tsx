import { useTranslation } from 'react-i18next'
import { useFormats } from '@/i18n/format'
import { ConfirmDialog } from '@/ui/Dialog'
import { useLoanAction } from '../actions'
import type { ActionDialogProps } from './action-dialog'
import { dueAfter } from './due-after'

/** An action that needs nothing but to be meant. */
export function PlainDialog({
  action,
  dialog,
  loan,
  gives,
  moved,
}: ActionDialogProps & { action: 'handOver' | 'grantExtension' | 'declareReturn' | 'notReceived' }) {
  const { t } = useTranslation('loans')
  const format = useFormats()
  const { run, pending } = useLoanAction(loan, action, { moved })
  return (
    <ConfirmDialog
      open={dialog.open}
      onOpenChange={(next) => !next && dialog.close()}
      finalFocus={dialog.finalFocus}
      title={t(`${action}.title`)}
      description={t(gives && action === 'handOver' ? 'handOver.textGive' : `${action}.text`, {
        owner: loan.owner.name,
        borrower: loan.borrower.name,
        when: format.day(dueAfter(loan, loan.extensionRequested ?? loan.days)),
      })}
      confirm={t(`${action}.submit`)}
      danger={action === 'notReceived'}
      pending={pending}
      onConfirm={() => run(action === 'grantExtension' ? { approve: true } : {})}
    />
  )
}
