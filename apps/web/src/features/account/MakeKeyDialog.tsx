import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { TriangleAlert } from 'lucide'
import { useEffect, useMemo, useState } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import * as z from 'zod/mini'
import { useFormProblem } from '@/api/form-errors'
import { useSession } from '@/api/useSession'
import { Button } from '@/ui/Button'
import { Actions, ConfirmDialog, Dialog } from '@/ui/Dialog'
import { Notice } from '@/ui/Feedback'
import { Checkbox, PasswordField, Select, TextField } from '@/ui/form/fields'
import { Form } from '@/ui/form/Form'
import { Icon } from '@/ui/Icon'
import { useMakeApiKey } from './commands'
import { accountRules } from './rules'
import { SCOPES, useScopeText } from './scopes'
import { SecretOnce } from './SecretOnce'

const DAY = 86_400_000
const LASTING = ['30', '90', '365', 'endless'] as const
const fieldOfCode = { SCOPE_NOT_PERMITTED: 'scopes', WRONG_PASSWORD: 'currentPassword' } as const

export function MakeKeyDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const { t } = useTranslation('account')
  // Held while the dialog is to be seen, and nowhere else.
  const [made, setMade] = useState<string>()
  const [kept, setKept] = useState(false)
  const [asking, setAsking] = useState(false)
  // The dialog stays open while the key is made: it is shown once, and closing now would lose it.
  const [pending, setPending] = useState(false)
  const close = () => {
    setAsking(false)
    onOpenChange(false)
  }
  const leave = () => {
    if (pending) return
    if (made && !kept) setAsking(true)
    else close()
  }
  return (
    <Dialog
      open={open}
      onOpenChange={(open) => (open ? onOpenChange(true) : leave())}
      onClosed={() => {
        setMade(undefined)
        setKept(false)
      }}
      title={made ? t('apiKeys.madeTitle') : t('apiKeys.make')}
      description={made ? undefined : t('apiKeys.makeText')}
    >
      {made ? (
        <div className="flex flex-col gap-4">
          <Notice tone="due" icon={<Icon of={TriangleAlert} className="size-5" />}>
            {t('apiKeys.madeText')}
          </Notice>
          <SecretOnce
            secret={made}
            label={t('apiKeys.key')}
            hint={t('apiKeys.keyHint')}
            copied={t('apiKeys.copied')}
            onCopied={() => setKept(true)}
            onClose={close}
          />
        </div>
      ) : (
        <MakeKeyForm onMade={setMade} onPending={setPending} onClose={close} />
      )}
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title={t('apiKeys.loseTitle')}
        description={t('apiKeys.loseText')}
        confirm={t('apiKeys.lose')}
        danger
        onConfirm={close}
      />
    </Dialog>
  )
}

interface MakeKeyFormProps {
  onMade: (secret: string) => void
  onPending: (pending: boolean) => void
  onClose: () => void
}

function MakeKeyForm({ onMade, onPending, onClose }: MakeKeyFormProps) {
  const { t } = useTranslation('account')
  const { t: common } = useTranslation()
  const { can, user } = useSession()
  const scopeText = useScopeText()
  const schema = useMemo(
    () =>
      z.object({
        name: z.string().check(z.trim(), z.minLength(1, t('apiKeys.nameMissing')), z.maxLength(100)),
        scopes: z.array(z.string()),
        lasting: z.enum(LASTING),
        currentPassword: accountRules(t).password,
      }),
    [t],
  )
  const form = useForm<z.infer<typeof schema>>({
    resolver: standardSchemaResolver(schema),
    defaultValues: { name: '', scopes: [], lasting: '90', currentPassword: '' },
  })
  const make = useMakeApiKey({ onDone: ({ key }) => onMade(key), onProblem: useFormProblem(form, fieldOfCode) })
  const { pending } = make
  useEffect(() => {
    onPending(pending)
    return () => onPending(false)
  }, [pending, onPending])
  return (
    <Form
      form={form}
      onSubmit={({ lasting, ...key }) =>
        make.run({
          ...key,
          ...(lasting !== 'endless' && { expiresAt: new Date(Date.now() + Number(lasting) * DAY).toISOString() }),
        })
      }
    >
      <TextField
        name="name"
        label={t('apiKeys.name')}
        hint={t('apiKeys.nameHint')}
        autoComplete="off"
        maxLength={100}
      />
      <fieldset>
        <legend className="mb-1 font-medium">{t('apiKeys.scopes')}</legend>
        <p className="text-sm text-soft">{t('apiKeys.scopesHint')}</p>
        {SCOPES.filter(can).map((scope) => (
          <Checkbox key={scope} name="scopes" value={scope} label={scopeText(scope)} />
        ))}
      </fieldset>
      <Select name="lasting" label={t('apiKeys.lasting')}>
        {LASTING.map((days) => (
          <option key={days} value={days}>
            {days === 'endless' ? t('apiKeys.lastingEndless') : t('apiKeys.lastingDays', { count: Number(days) })}
          </option>
        ))}
      </Select>
      <input type="email" autoComplete="username" value={user?.email ?? ''} readOnly hidden />
      <PasswordField
        name="currentPassword"
        label={t('changePassword.current')}
        hint={t('delete.passwordHint')}
        autoComplete="current-password"
      />
      <Actions>
        <Button type="submit" pending={pending}>
          {t('apiKeys.submit')}
        </Button>
        <Button variant="secondary" onClick={onClose} disabled={pending}>
          {common('cancel')}
        </Button>
      </Actions>
    </Form>
  )
}
