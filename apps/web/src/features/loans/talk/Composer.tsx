import { SendHorizontal } from 'lucide'
import { useId, useState, type KeyboardEvent, type RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormats } from '@/i18n/format'
import { Button } from '@/ui/Button'
import { classes } from '@/ui/classes'
import { Icon } from '@/ui/Icon'
import { lengthOf, MESSAGE_LENGTH } from './talk'

/** How many are left is said from here on. */
const NEAR = 200

/** With a mouse there is a keyboard: Enter sends. On a phone it is the only way to begin a line. */
const hasKeyboard = () => matchMedia('(pointer: fine)').matches

export function Composer({
  id,
  field,
  label,
  hint,
  draft,
  onChange,
  onSend,
}: {
  id: string
  field: RefObject<HTMLTextAreaElement | null>
  label: string
  hint: string
  draft: string
  onChange: (text: string) => void
  onSend: (text: string) => void
}) {
  const { t } = useTranslation('loans')
  const format = useFormats()
  const hintId = useId()
  const [keyboard] = useState(hasKeyboard)
  const left = MESSAGE_LENGTH - lengthOf(draft)
  const isEmpty = draft.trim() === ''
  const send = () => {
    if (isEmpty || left < 0) return
    onSend(draft.trim())
    onChange('')
    field.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    // Whoever chooses a character of their script with Enter has not finished.
    if (event.key !== 'Enter' || event.nativeEvent.isComposing) return
    const asked = event.ctrlKey || event.metaKey || (keyboard && !event.shiftKey && !event.altKey)
    if (!asked) return
    event.preventDefault()
    send()
  }
  return (
    <form
      className="flex flex-col gap-1.5"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <div className="flex items-end gap-2">
        <textarea
          id={id}
          ref={field}
          rows={1}
          dir="auto"
          className="field-sizing-content max-h-60 control min-w-0 flex-1"
          style={{ minHeight: 'calc(2lh + 1rem)' }}
          value={draft}
          enterKeyHint={keyboard ? 'send' : 'enter'}
          aria-describedby={hintId}
          aria-invalid={left < 0 || undefined}
          onChange={(event) => onChange(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <Button
          type="submit"
          aria-disabled={isEmpty || left < 0}
          icon={<Icon of={SendHorizontal} className="size-5" />}
        >
          {t('talk.send')}
        </Button>
      </div>
      <p id={hintId} className="text-sm text-soft">
        {left < NEAR ? (
          <span className={classes(left < 0 && 'text-late')}>
            {left < 0
              ? t('talk.tooLong', { count: -left, number: format.number(-left) })
              : t('talk.left', { count: left, number: format.number(left) })}
          </span>
        ) : (
          <>
            {hint} {keyboard && t('talk.keys')}
          </>
        )}
      </p>
    </form>
  )
}
