import { classes } from './classes'

export type Variant = 'primary' | 'secondary' | 'quiet' | 'danger'
export type Size = 'medium' | 'small'

const variants: Record<Variant, string> = {
  primary: 'bg-accent text-on-accent hover:bg-accent-strong',
  secondary: 'border border-control bg-card text-ink hover:bg-sunken',
  quiet: 'text-ink underline decoration-control underline-offset-4 hover:bg-sunken hover:decoration-current',
  danger: 'border border-late bg-card text-late hover:bg-late-soft',
}

const sizes: Record<Size, string> = {
  medium: 'min-h-11 px-4 py-2',
  small: 'min-h-9 px-3 py-1 text-sm pointer-coarse:min-h-11',
}

export function buttonLook(variant: Variant, size: Size, className?: string): string {
  return classes(
    'inline-flex items-center justify-center gap-2 rounded-md text-center font-medium transition-colors select-none',
    'disabled:opacity-55 aria-disabled:opacity-55 aria-disabled:cursor-default',
    variants[variant],
    sizes[size],
    className,
  )
}

/** Of a button that shows only an icon. */
export function iconButtonLook(className?: string): string {
  return classes(
    'inline-flex size-11 shrink-0 items-center justify-center rounded-md text-ink transition-colors hover:bg-sunken',
    'disabled:opacity-55',
    className,
  )
}
