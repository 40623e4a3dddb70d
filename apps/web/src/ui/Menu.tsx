import { Menu as BaseMenu } from '@base-ui/react/menu'
import { Check } from 'lucide'
import type { ReactElement, ReactNode } from 'react'
import { Link } from 'react-router'
import { classes } from './classes'
import { Icon } from './Icon'

const item =
  'flex min-h-11 w-full items-center gap-3 rounded-md px-3 py-2 text-left outline-none select-none data-highlighted:bg-sunken cursor-pointer'

/** `trigger` is the button that opens it; `defaultOpen` for a menu that is fetched when it is asked for. */
export function Menu({
  trigger,
  defaultOpen = false,
  children,
}: {
  trigger: ReactElement
  defaultOpen?: boolean
  children: ReactNode
}) {
  return (
    <BaseMenu.Root defaultOpen={defaultOpen}>
      <BaseMenu.Trigger render={trigger} />
      <BaseMenu.Portal>
        <BaseMenu.Positioner sideOffset={6} align="end" collisionPadding={12} className="z-50 outline-none">
          <BaseMenu.Popup className="max-h-(--available-height) min-w-56 overflow-y-auto surface p-1.5 transition-opacity duration-100 outline-none data-ending-style:opacity-0 data-starting-style:opacity-0">
            {children}
          </BaseMenu.Popup>
        </BaseMenu.Positioner>
      </BaseMenu.Portal>
    </BaseMenu.Root>
  )
}

export function MenuItem({
  icon,
  danger,
  onClick,
  children,
}: {
  icon?: ReactNode
  danger?: boolean
  onClick: () => void
  children: ReactNode
}) {
  return (
    <BaseMenu.Item className={classes(item, danger && 'text-late')} onClick={() => onClick()}>
      {icon}
      {children}
    </BaseMenu.Item>
  )
}

export function MenuLink({ icon, to, children }: { icon?: ReactNode; to: string; children: ReactNode }) {
  return (
    <BaseMenu.Item className={item} render={<Link to={to} />}>
      {icon}
      {children}
    </BaseMenu.Item>
  )
}

/** One of a few: a language, a theme. */
export function MenuChoice<Value extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string
  value: Value
  options: ReadonlyArray<{ value: Value; label: string; lang?: string }>
  onChange: (value: Value) => void
}) {
  return (
    <BaseMenu.Group>
      <BaseMenu.GroupLabel className="px-3 pt-2 pb-1 text-sm text-soft">{label}</BaseMenu.GroupLabel>
      <BaseMenu.RadioGroup value={value} onValueChange={onChange}>
        {options.map((option) => (
          <BaseMenu.RadioItem key={option.value} value={option.value} closeOnClick className={item} lang={option.lang}>
            <span className="inline-flex size-5">
              <BaseMenu.RadioItemIndicator>
                <Icon of={Check} className="size-5 text-ink" />
              </BaseMenu.RadioItemIndicator>
            </span>
            {option.label}
          </BaseMenu.RadioItem>
        ))}
      </BaseMenu.RadioGroup>
    </BaseMenu.Group>
  )
}

export function MenuSeparator() {
  return <BaseMenu.Separator className="my-1.5 h-px bg-line" />
}
