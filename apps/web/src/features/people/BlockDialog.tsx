import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { ConfirmDialog } from '@/ui/Dialog'
import { useBlock } from './blocks'

interface BlockDialogProps {
  person: { id: string; name: string }
  open: boolean
  onOpenChange: (open: boolean) => void
  /** Where the focus goes once they are blocked: the menu that led here goes away then. */
  landing: () => HTMLElement | null
}

/** Says what blocking does before it is done. */
export function BlockDialog({ person, open, onOpenChange, landing }: BlockDialogProps) {
  const { t } = useTranslation('people')
  const blocked = useRef(false)
  const block = useBlock(() => {
    blocked.current = true
    onOpenChange(false)
  })
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title={t('block.title', { name: person.name })}
      description={t('block.text')}
      confirm={t('block.confirm')}
      danger
      pending={block.pending}
      onConfirm={() => {
        blocked.current = false
        block.run({ id: person.id, name: person.name })
      }}
      finalFocus={() => (blocked.current ? landing() : null)}
    />
  )
}
