import type { Action } from '../loan'
import type { ActionDialogProps } from './action-dialog'
import { ApproveDialog } from './ApproveDialog'
import { CodeDialog } from './CodeDialog'
import { ExtensionDialog } from './ExtensionDialog'
import { PlainDialog } from './PlainDialog'
import { ResolveDialog } from './ResolveDialog'
import { ReturnDialog } from './ReturnDialog'
import { WordsDialog } from './WordsDialog'

/** Asks for what an action needs, or whether it is meant. */
export function ActionDialog({ action, ...rest }: ActionDialogProps & { action: Action }) {
  switch (action) {
    case 'approve':
      return <ApproveDialog {...rest} />
    case 'enterCode':
      return <CodeDialog {...rest} />
    case 'requestExtension':
      return <ExtensionDialog {...rest} />
    case 'confirmReturn':
      return <ReturnDialog {...rest} />
    case 'resolve':
      return <ResolveDialog {...rest} />
    case 'reject':
    case 'cancel':
    case 'refuseExtension':
    case 'reportLost':
      return <WordsDialog action={action} {...rest} />
    case 'handOver':
    case 'grantExtension':
    case 'declareReturn':
    case 'notReceived':
      return <PlainDialog action={action} {...rest} />
  }
}
