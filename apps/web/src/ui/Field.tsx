import { useId, type ReactNode } from 'react'
import { classes } from './classes'

/** What a control needs to know to belong to its label, hint and error. */
export interface ControlProps {
  id: string
  'aria-describedby': string | undefined
  'aria-invalid': true | undefined
}

/** Label, control, hint and error, tied together. The fields of a form build on it. */
export function Field({
  label,
  hint,
  error,
  optional,
  className,
  children,
}: {
  label: string
  hint?: ReactNode
  error?: string | undefined
  /** The word that marks a field as optional. */
  optional?: string | undefined
  className?: string | undefined
  children: (control: ControlProps) => ReactNode
}) {
  const id = useId()
  const hintId = hint ? `${id}-hint` : undefined
  const errorId = error ? `${id}-error` : undefined
  const describedBy = [errorId, hintId].filter(Boolean).join(' ') || undefined
  return (
    <div className={classes('flex flex-col gap-1.5', className)}>
      <label htmlFor={id} className="font-medium">
        {label}
        {/* The space is for screen readers, which would read one word. */}
        {optional && <span className="text-sm font-normal text-soft"> {optional}</span>}
      </label>
      {children({ id, 'aria-describedby': describedBy, 'aria-invalid': error ? true : undefined })}
      {error && (
        <p id={errorId} className="text-sm text-late">
          {error}
        </p>
      )}
      {hint && (
        <p id={hintId} className="text-sm text-soft">
          {hint}
        </p>
      )}
    </div>
  )
}
