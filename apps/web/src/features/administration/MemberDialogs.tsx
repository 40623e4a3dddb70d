import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ConfirmDialog } from '@/ui/Dialog'
import { useDeleteMember, useSetActive } from './commands'
import type { Member } from './queries'
import { RoleDialog } from './RoleDialog'

export interface MemberAction {
  kind: 'role' | 'deactivate' | 'reactivate' | 'delete'
  member: Member
}

interface Props {
  member: Member
  open: boolean
  onClose: () => void
}

/** Asks before a member is changed. */
export function MemberDialogs({ action, onClose }: { action: MemberAction | undefined; onClose: () => void }) {
  // While a dialog closes it still shows what it was about.
  const [last, setLast] = useState(action)
  if (action && action !== last) setLast(action)
  if (!last) return null
  const props = { member: last.member, open: action !== undefined, onClose }
  switch (last.kind) {
    case 'role':
      return <RoleDialog {...props} key={last.member.id} />
    case 'deactivate':
    case 'reactivate':
      return <ActiveDialog {...props} active={last.kind === 'reactivate'} />
    case 'delete':
      return <DeleteDialog {...props} />
  }
}

function ActiveDialog({ member, open, onClose, active }: Props & { active: boolean }) {
  const { t } = useTranslation('administration')
  const { name } = member
  const set = useSetActive({
    said: t(active ? 'members.reactivated' : 'members.deactivated', { name }),
    onDone: onClose,
  })
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={(next) => !next && onClose()}
      title={t(active ? 'members.reactivateTitle' : 'members.deactivateTitle', { name })}
      description={t(active ? 'members.reactivateText' : 'members.deactivateText')}
      confirm={t(active ? 'members.reactivate' : 'members.deactivate')}
      danger={!active}
      pending={set.pending}
      onConfirm={() => set.run({ member, active })}
    />
  )
}

function DeleteDialog({ member, open, onClose }: Props) {
  const { t } = useTranslation('administration')
  const { name } = member
  const remove = useDeleteMember({ said: t('members.deleted', { name }), onDone: onClose })
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={(next) => !next && onClose()}
      title={t('members.deleteTitle', { name })}
      description={t('members.deleteText')}
      confirm={t('members.deleteConfirm')}
      danger
      pending={remove.pending}
      onConfirm={() => remove.run(member)}
    />
  )
}
