import { LoaderCircle } from 'lucide'
import type { ComponentProps, MouseEvent, ReactNode } from 'react'
import { Link, type LinkProps } from 'react-router'
import { buttonLook, iconButtonLook, type Size, type Variant } from './button-look'
import { Icon } from './Icon'

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
      className={buttonLook(variant, size, className)}
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
    <Link className={buttonLook(variant, size, className)} {...rest}>
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
    <button type={type} aria-label={label} title={label} className={iconButtonLook(className)} {...rest}>
      {children}
    </button>
  )
}
