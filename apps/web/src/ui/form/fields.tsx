import { Switch } from '@base-ui/react/switch'
import { Eye, EyeOff } from 'lucide'
import { useId, useState, type ComponentProps, type ReactNode } from 'react'
import { useController, useFormContext } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { IconButton } from '../Button'
import { classes } from '../classes'
import { Field } from '../Field'
import { Icon } from '../Icon'

interface FieldProps {
  /** The name of the value in the form. */
  name: string
  label: string
  hint?: ReactNode
  /** Marks the field as one that may stay empty. */
  optional?: boolean
}

/** Binds a control to the form it stands in. Inputs that hold nothing give `''`; the form's schema says what that means. */
function useField(name: string) {
  const { register, getFieldState, formState } = useFormContext()
  return { bind: register(name), error: getFieldState(name, formState).error?.message }
}

type Native<Element extends 'input' | 'textarea' | 'select'> = Omit<
  ComponentProps<Element>,
  'name' | 'id' | 'className'
>

export function TextField({ name, label, hint, optional = false, ...rest }: FieldProps & Native<'input'>) {
  const { t } = useTranslation()
  const { bind, error } = useField(name)
  return (
    <Field label={label} hint={hint} error={error} optional={optional ? t('optional') : undefined}>
      {(control) => <input className="control" type="text" dir="auto" {...control} {...rest} {...bind} />}
    </Field>
  )
}

/** Whole numbers, with the keyboard for them on phones. */
export function NumberField(props: FieldProps & Native<'input'>) {
  return <TextField inputMode="numeric" autoComplete="off" {...props} />
}

export function PasswordField({ name, label, hint, ...rest }: FieldProps & Native<'input'>) {
  const { t } = useTranslation()
  const { bind, error } = useField(name)
  const [shown, setShown] = useState(false)
  const icon = shown ? EyeOff : Eye
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <div className="relative">
          <input className="control pr-12" type={shown ? 'text' : 'password'} {...control} {...rest} {...bind} />
          <IconButton
            label={shown ? t('password.hide') : t('password.show')}
            className="absolute top-0 right-0 text-soft"
            onClick={() => setShown(!shown)}
          >
            <Icon of={icon} className="size-5" />
          </IconButton>
        </div>
      )}
    </Field>
  )
}

export function TextArea({ name, label, hint, optional = false, rows = 4, ...rest }: FieldProps & Native<'textarea'>) {
  const { t } = useTranslation()
  const { bind, error } = useField(name)
  return (
    <Field label={label} hint={hint} error={error} optional={optional ? t('optional') : undefined}>
      {(control) => (
        <textarea
          className="field-sizing-content max-h-96 control"
          dir="auto"
          // What grows with its content forgets its rows.
          style={{ minHeight: `calc(${rows}lh + 1rem)` }}
          rows={rows}
          {...control}
          {...rest}
          {...bind}
        />
      )}
    </Field>
  )
}

/** The browser's own list: the best there is on phones. */
export function Select({ name, label, hint, optional = false, children, ...rest }: FieldProps & Native<'select'>) {
  const { t } = useTranslation()
  const { bind, error } = useField(name)
  return (
    <Field label={label} hint={hint} error={error} optional={optional ? t('optional') : undefined}>
      {(control) => (
        <select className="control" {...control} {...rest} {...bind}>
          {children}
        </select>
      )}
    </Field>
  )
}

export function Checkbox({ name, label, hint, ...rest }: FieldProps & Native<'input'>) {
  const { bind, error } = useField(name)
  const id = useId()
  const describedBy = error ? `${id}-error` : hint ? `${id}-hint` : undefined
  return (
    <div>
      <label className="flex min-h-11 items-center gap-3">
        <input
          type="checkbox"
          className="size-5 shrink-0 accent-ink"
          aria-describedby={describedBy}
          aria-invalid={error ? true : undefined}
          {...rest}
          {...bind}
        />
        {label}
      </label>
      {error ? (
        <p id={`${id}-error`} className="text-sm text-late">
          {error}
        </p>
      ) : (
        hint && (
          <p id={`${id}-hint`} className="text-sm text-soft">
            {hint}
          </p>
        )
      )}
    </div>
  )
}

/** One of a few, all in sight. */
export function Choice({
  name,
  label,
  options,
}: Pick<FieldProps, 'name' | 'label'> & { options: ReadonlyArray<{ value: string; label: string; hint?: string }> }) {
  const { bind, error } = useField(name)
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1.5 font-medium">{label}</legend>
      {options.map((option) => (
        <label
          key={option.value}
          className="flex min-h-11 cursor-pointer items-center gap-3 rounded-md border border-control bg-card px-4 py-2.5 has-checked:border-ink has-checked:bg-sunken"
        >
          <input type="radio" value={option.value} className="size-5 shrink-0 accent-ink" {...bind} />
          <span>
            <span className="block">{option.label}</span>
            {option.hint && <span className="block text-sm text-soft">{option.hint}</span>}
          </span>
        </label>
      ))}
      {error && <p className="text-sm text-late">{error}</p>}
    </fieldset>
  )
}

/** On or off. */
export function SwitchField({ name, label, hint }: FieldProps) {
  const { field } = useController({ name })
  const id = useId()
  return (
    <div className="flex min-h-11 items-center justify-between gap-4">
      <div>
        <span id={`${id}-label`} className="block font-medium">
          {label}
        </span>
        {hint && (
          <span id={`${id}-hint`} className="block text-sm text-soft">
            {hint}
          </span>
        )}
      </div>
      <Switch.Root
        checked={Boolean(field.value)}
        onCheckedChange={field.onChange}
        onBlur={field.onBlur}
        inputRef={field.ref}
        aria-labelledby={`${id}-label`}
        aria-describedby={hint ? `${id}-hint` : undefined}
        className={classes(
          'relative inline-flex h-7 w-12 shrink-0 cursor-pointer items-center rounded-full border border-control bg-sunken p-0.5 transition-colors',
          'data-checked:border-ink data-checked:bg-ink',
        )}
      >
        <Switch.Thumb className="size-5 rounded-full bg-control transition-transform data-checked:translate-x-5 data-checked:bg-paper" />
      </Switch.Root>
    </div>
  )
}
