import type { KeyboardEvent } from 'react'

const CONTROLS = 'a[href], button, input, select, textarea, [tabindex]'

/**
 * Leads Tab from the last control of a dialog to the first, and back. The guards of Base UI do so as well, but with an
 * empty stop in between, which a screen reader reads as nothing. For `onKeyDown` of what keeps the focus.
 */
export function tabRing(event: KeyboardEvent<HTMLElement>): void {
  const { activeElement } = document
  if (event.key !== 'Tab' || event.defaultPrevented || !event.currentTarget.contains(activeElement)) return
  const stops = stopsIn(event.currentTarget)
  const at = stops.findIndex((stop) => stop === activeElement || groupOf(stop) === groupOf(activeElement))
  const next = event.shiftKey ? at <= 0 && stops.at(-1) : at === stops.length - 1 && stops[0]
  if (!next) return
  event.preventDefault()
  next.focus()
}

function stopsIn(box: HTMLElement): HTMLElement[] {
  const controls = [...box.querySelectorAll<HTMLElement>(CONTROLS)].filter(
    (control) => control.tabIndex >= 0 && !control.matches(':disabled') && control.checkVisibility(),
  )
  // Of radio buttons with one name the keyboard stops at the chosen one, or else at the first.
  return controls.filter((control, place) => {
    const group = groupOf(control)
    if (typeof group !== 'string') return true
    const rivals = controls.filter((other) => groupOf(other) === group)
    const chosen = rivals.find((rival) => rival.matches(':checked')) ?? rivals[0]
    return controls.indexOf(chosen!) === place
  })
}

/** The name that radio buttons share; anything else is a group of its own. */
function groupOf(control: Element | null): string | Element | null {
  return control instanceof HTMLInputElement && control.type === 'radio' ? control.name : control
}
