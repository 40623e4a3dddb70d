import { Ellipsis } from 'lucide'
import { useTranslation } from 'react-i18next'
import { useUserId } from '@/api/useSession'
import { useFormats } from '@/i18n/format'
import { PersonLink } from '@/features/people'
import { Avatar } from '@/ui/Avatar'
import { IconButton } from '@/ui/Button'
import { DataTable } from '@/ui/DataTable'
import { StatusPill } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { Menu, MenuItem, MenuSeparator } from '@/ui/Menu'
import type { MemberAction } from './MemberDialogs'
import type { Member } from './queries'
import { useRoleText } from './roles'

export function MemberTable({
  members,
  onAction,
}: {
  members: readonly Member[]
  onAction: (action: MemberAction) => void
}) {
  const { t } = useTranslation('administration')
  const format = useFormats()
  const roleText = useRoleText()
  const own = useUserId()
  return (
    <DataTable
      caption={t('members.title')}
      rows={members}
      rowKey={(member) => member.id}
      columns={[
        {
          label: t('members.name'),
          heading: true,
          cell: (member) => (
            <span className="flex items-center gap-3 max-sm:pr-10">
              <Avatar name={member.name} url={member.avatarUrl ?? null} />
              <span className="min-w-0 wrap-anywhere">
                <PersonLink person={member} tall />{' '}
                {member.id === own && <span className="font-normal text-soft">{t('members.you')}</span>}
              </span>
            </span>
          ),
        },
        { label: t('members.role'), cell: (member) => roleText(member.role).name },
        {
          label: t('members.standing'),
          cell: (member) => (
            <span className="flex flex-wrap gap-2">
              <StatusPill tone={member.active ? 'free' : 'late'}>
                {t(member.active ? 'members.active' : 'members.inactive')}
              </StatusPill>
              {!member.verified && <StatusPill tone="due">{t('members.unverified')}</StatusPill>}
            </span>
          ),
        },
        {
          label: t('members.since'),
          cell: (member) => <span className="whitespace-nowrap">{format.day(member.memberSince)}</span>,
        },
      ]}
      actions={{
        label: t('members.actions'),
        corner: true,
        cell: (member) => member.id !== own && <MemberMenu member={member} onAction={onAction} />,
      }}
    />
  )
}

function MemberMenu({ member, onAction }: { member: Member; onAction: (action: MemberAction) => void }) {
  const { t } = useTranslation('administration')
  return (
    <Menu
      trigger={
        <IconButton label={t('members.actionsOn', { name: member.name })}>
          <Icon of={Ellipsis} className="size-5" />
        </IconButton>
      }
    >
      <MenuItem onClick={() => onAction({ kind: 'role', member })}>{t('members.changeRole')}</MenuItem>
      {member.active ? (
        <MenuItem onClick={() => onAction({ kind: 'deactivate', member })}>{t('members.deactivate')}</MenuItem>
      ) : (
        <MenuItem onClick={() => onAction({ kind: 'reactivate', member })}>{t('members.reactivate')}</MenuItem>
      )}
      <MenuSeparator />
      <MenuItem danger onClick={() => onAction({ kind: 'delete', member })}>
        {t('members.delete')}
      </MenuItem>
    </Menu>
  )
}
