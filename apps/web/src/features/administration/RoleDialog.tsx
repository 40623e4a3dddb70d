import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { useFormProblem } from '@/api/form-errors'
import { useRoles } from '@/api/useSession'
import { Button } from '@/ui/Button'
import { Actions, Dialog } from '@/ui/Dialog'
import { Choice } from '@/ui/form/fields'
import { Form } from '@/ui/form/Form'
import { useChangeRole } from './commands'
import type { Member } from './queries'
import { useRoleText } from './roles'

export function RoleDialog({ member, open, onClose }: { member: Member; open: boolean; onClose: () => void }) {
  const { t } = useTranslation('administration')
  const { name } = member
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => !next && onClose()}
      title={t('members.roleTitle', { name })}
      description={t('members.roleText')}
    >
      <RoleForm member={member} onClose={onClose} />
    </Dialog>
  )
}

function RoleForm({ member, onClose }: { member: Member; onClose: () => void }) {
  const { t } = useTranslation('administration')
  const { t: common } = useTranslation()
  const roleText = useRoleText()
  const roles = useRoles().data ?? []
  const form = useForm({ defaultValues: { role: member.role } })
  const change = useChangeRole({
    said: ({ name, role }) => t('members.roleChanged', { name, role: roleText(role).name }),
    onDone: onClose,
    onProblem: useFormProblem(form),
  })
  return (
    <Form form={form} onSubmit={({ role }) => (role === member.role ? onClose() : change.run({ member, role }))}>
      <Choice
        name="role"
        label={t('members.role')}
        options={roles.map(({ name }) => {
          const text = roleText(name)
          return { value: name, label: text.name, hint: text.hint }
        })}
      />
      <Actions>
        <Button type="submit" pending={change.pending}>
          {t('members.roleConfirm')}
        </Button>
        <Button variant="secondary" onClick={onClose}>
          {common('cancel')}
        </Button>
      </Actions>
    </Form>
  )
}
