import { LoaderCircle } from 'lucide'
import { Icon } from './Icon'
import type { ComponentProps, MouseEvent, ReactNode } from 'react'
import { Link, type LinkProps } from 'react-router'
import { classes } from './classes'

type Variant = 'primary' | 'secondary' | 'quiet' | 'danger'
type Size = 'medium' | 'small'

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

function look(variant: Variant, size: Size, className?: string) {
  return classes(
    'inline-flex items-center justify-center gap-2 rounded-md text-center font-medium transition-colors select-none',
    'disabled:opacity-55 aria-disabled:opacity-55 aria-disabled:cursor-default',
    variants[variant],
    sizes[size],
    className,
  )
}

interface Look {
  variant?: Variant
  size?: Size
  /** Comes before the words; hidden from screen readers. */
  icon?: ReactNode
}

/** `pending` keeps the focus where it is, shows that something is under way and swallows clicks. */
export function Button({
  variant = 'primary',
  size = 'medium',
  icon,
  pending = false,
  type = 'button',
  className,
  onClick,
  children,
  ...rest
}: Look & { pending?: boolean } & ComponentProps<'button'>) {
  const click = (event: MouseEvent<HTMLButtonElement>) => {
    if (pending) event.preventDefault()
    else onClick?.(event)
  }
  return (
    <button
      type={type}
      className={look(variant, size, className)}
      aria-disabled={pending || undefined}
      aria-busy={pending || undefined}
      onClick={click}
      {...rest}
    >
      {pending ? <Icon of={LoaderCircle} className="size-5 animate-spin" /> : icon}
      {children}
    </button>
  )
}

/** Looks like a button, leads somewhere. */
export function LinkButton({
  variant = 'primary',
  size = 'medium',
  icon,
  className,
  children,
  ...rest
}: Look & Omit<LinkProps, 'className'> & { className?: string }) {
  return (
    <Link className={look(variant, size, className)} {...rest}>
      {icon}
      {children}
    </Link>
  )
}

/** A button that shows only an icon: `label` is its name. */
export function IconButton({
  label,
  className,
  type = 'button',
  children,
  ...rest
}: { label: string; children: ReactNode } & Omit<ComponentProps<'button'>, 'aria-label'>) {
  return (
    <button
      type={type}
      aria-label={label}
      title={label}
      className={classes(
        'inline-flex size-11 shrink-0 items-center justify-center rounded-md text-ink transition-colors hover:bg-sunken',
        'disabled:opacity-55',
        className,
      )}
      {...rest}
    >
      {children}
    </button>
  )
}
