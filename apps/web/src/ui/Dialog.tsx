import { AlertDialog } from '@base-ui/react/alert-dialog'
import { Dialog as BaseDialog } from '@base-ui/react/dialog'
import { X } from 'lucide'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Button, IconButton } from './Button'
import { classes } from './classes'
import { Icon } from './Icon'
import { tabRing } from './tab-ring'

const backdrop =
  'fixed inset-0 z-50 bg-shade transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0'
/** From below on phones, in the middle elsewhere. */
const popup = classes(
  'surface fixed inset-x-0 bottom-0 z-50 max-h-[92dvh] overflow-y-auto rounded-b-none p-5 pb-[max(1.25rem,env(safe-area-inset-bottom))]',
  'transition-[opacity,translate] duration-200 data-ending-style:translate-y-6 data-ending-style:opacity-0 data-starting-style:translate-y-6 data-starting-style:opacity-0',
  'sm:inset-x-auto sm:top-1/2 sm:bottom-auto sm:left-1/2 sm:w-[min(32rem,calc(100vw-2rem))] sm:-translate-x-1/2 sm:-translate-y-1/2 sm:rounded-lg sm:p-6',
  'sm:data-ending-style:-translate-y-[47%] sm:data-starting-style:-translate-y-[47%]',
)

interface Shared {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  /** What it is about, in a sentence. */
  description?: ReactNode
  /** Where the focus goes afterwards when what opened it may be gone. */
  finalFocus?: () => HTMLElement | null
}

/** Asks for something without leaving the page. Its content is made when it opens. */
export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  finalFocus,
  onClosed,
  children,
}: Shared & { /** It is no longer to be seen. */ onClosed?: () => void; children: ReactNode }) {
  const { t } = useTranslation()
  return (
    <BaseDialog.Root
      open={open}
      onOpenChange={onOpenChange}
      onOpenChangeComplete={(open) => {
        if (!open) onClosed?.()
      }}
    >
      <BaseDialog.Portal>
        <BaseDialog.Backdrop className={backdrop} />
        <BaseDialog.Popup className={popup} finalFocus={finalFocus} onKeyDown={tabRing}>
          <BaseDialog.Title className="mb-4 line-clamp-5 pt-1.5 pr-12 text-heading wrap-anywhere">
            {title}
          </BaseDialog.Title>
          {description && (
            <BaseDialog.Description className="mb-4 line-clamp-5 wrap-anywhere text-soft">
              {description}
            </BaseDialog.Description>
          )}
          {children}
          {/* Last, so that the keyboard begins at what is asked for. */}
          <BaseDialog.Close
            render={
              <IconButton label={t('close')} className="absolute top-4 right-3 sm:top-5 sm:right-4">
                <Icon of={X} className="size-5" />
              </IconButton>
            }
          />
        </BaseDialog.Popup>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  )
}

/** The row of buttons at the end of a dialog or form. The one that does it comes first. */
export function Actions({ children }: { children: ReactNode }) {
  return <div className="mt-6 flex flex-col gap-3 sm:flex-row-reverse sm:justify-start">{children}</div>
}

/** Asks before something that cannot be undone. `confirm` says what will be done: "Delete the book", never "OK". */
export function ConfirmDialog({
  open,
  onOpenChange,
  title,
  description,
  confirm,
  pending = false,
  danger = false,
  onConfirm,
  finalFocus,
  children,
}: Shared & { confirm: string; pending?: boolean; danger?: boolean; onConfirm: () => void; children?: ReactNode }) {
  const { t } = useTranslation()
  return (
    <AlertDialog.Root open={open} onOpenChange={onOpenChange}>
      <AlertDialog.Portal>
        {/* Also over a dialog that it asks about. */}
        <AlertDialog.Backdrop className={backdrop} forceRender />
        <AlertDialog.Popup className={popup} finalFocus={finalFocus} onKeyDown={tabRing}>
          <AlertDialog.Title className="mb-2 line-clamp-5 text-heading wrap-anywhere">{title}</AlertDialog.Title>
          {description && (
            <AlertDialog.Description className="wrap-anywhere text-soft">{description}</AlertDialog.Description>
          )}
          {children}
          <Actions>
            <Button variant={danger ? 'danger' : 'primary'} pending={pending} onClick={() => onConfirm()}>
              {confirm}
            </Button>
            <AlertDialog.Close render={<Button variant="secondary">{t('cancel')}</Button>} />
          </Actions>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
