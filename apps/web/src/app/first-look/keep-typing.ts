/**
 * Somebody may have begun to search, or have come to a link by keyboard, before the app takes the first look's place: they
 * go on in the app's own.
 */
export function keepTyping(root: HTMLElement): void {
  const before = root.firstElementChild
  if (!before) return
  const within = (element: Element | null) => (element && before.contains(element) ? element : undefined)
  let focused = within(document.activeElement)
  before.addEventListener('focusin', ({ target }) => (focused = target as Element))
  before.addEventListener('focusout', () =>
    // It may have been removed: afterwards it is clear whether its user has left it.
    queueMicrotask(() => before.isConnected && (focused = within(document.activeElement))),
  )
  new MutationObserver((_, observer) => {
    if (before.isConnected || !root.firstElementChild) return
    observer.disconnect()
    const [typed, box] = [boxIn(before)?.value, boxIn(root)]
    if (typed && box) type(typed, box)
    if (focused) counterpart(focused, root)?.focus({ preventScroll: true })
  }).observe(root, { childList: true })
}

const boxIn = (part: Element) => part.querySelector<HTMLInputElement>('main input[type="search"]')

/** React hears of a value only where it is not set through the property that it watches. */
function type(text: string, box: HTMLInputElement): void {
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(box, text)
  box.dispatchEvent(new Event('input', { bubbles: true }))
}

function counterpart(element: Element, root: HTMLElement): HTMLElement | null | undefined {
  if (element instanceof HTMLInputElement) return boxIn(root)
  const leadsTo = element.getAttribute('href')
  return [...root.querySelectorAll('a')].find(
    (link) => link.getAttribute('href') === leadsTo && link.textContent === element.textContent,
  )
}
