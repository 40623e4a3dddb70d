import { Copy } from 'lucide'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '@/ui/Button'
import { Actions } from '@/ui/Dialog'
import { Field } from '@/ui/Field'
import { Icon } from '@/ui/Icon'
import { toast } from '@/ui/toast'

interface SecretOnceProps {
  secret: string
  label: string
  hint: string
  copied: string
  onCopied?: () => void
  onClose: () => void
}

/** Something that is shown this once, to be kept elsewhere. */
export function SecretOnce({ secret, label, hint, copied, onCopied, onClose }: SecretOnceProps) {
  const { t } = useTranslation('account')
  // It is not there where the page came over plain HTTP: then the text is selected and copied by hand.
  const { clipboard } = navigator as Partial<Pick<Navigator, 'clipboard'>>
  const field = useRef<HTMLTextAreaElement>(null)
  // The button that had the focus is gone.
  useEffect(() => field.current?.focus(), [])
  const copy = async () => {
    try {
      await clipboard?.writeText(secret)
      toast({ text: copied })
      onCopied?.()
    } catch {
      // Refused by the browser or its owner.
      field.current?.focus()
      toast({ tone: 'problem', text: t('secret.notCopied') })
    }
  }
  return (
    <>
      <Field label={label} hint={hint}>
        {(control) => (
          <textarea
            className="control resize-none font-mono break-all"
            ref={field}
            rows={Math.ceil(secret.length / 24)}
            readOnly
            spellCheck={false}
            value={secret}
            onFocus={(event) => event.currentTarget.select()}
            {...control}
          />
        )}
      </Field>
      <Actions>
        {clipboard && (
          <Button onClick={() => void copy()}>
            <Icon of={Copy} className="size-5" />
            {t('secret.copy')}
          </Button>
        )}
        <Button variant="secondary" onClick={onClose}>
          {t('secret.kept')}
        </Button>
      </Actions>
    </>
  )
}
