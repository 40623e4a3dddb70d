/** What a keyboard can stop at. */
const STOPS = 'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled)'
const LISTS = 'ul, ol, tbody, [role="list"]'
/** What has a heading of its own. */
const PARTS = 'section, article, main, [role="region"], [role="dialog"], [role="alertdialog"]'

interface Focused {
  element: HTMLElement
  /** The focus is drawn: who works with the keyboard follows it with their eyes. */
  seen: boolean
}

/** Where something was before it was removed. */
interface Place {
  parent: Element
  neighbour: Element | null
}

/**
 * Moves the focus when the focused element disappears or is disabled: to the same thing elsewhere, to its neighbour in a
 * list, else to the heading of the part that held it. The browser would drop it to the top of the page. A dialog or a page
 * that moves the focus itself in that moment wins.
 */
export function keepFocus(): void {
  let focused: Focused | undefined

  document.addEventListener('focusin', ({ target }) => {
    focused = target instanceof HTMLElement ? { element: target, seen: target.matches(':focus-visible') } : undefined
  })
  document.addEventListener('focusout', ({ target, relatedTarget }) => {
    if (relatedTarget || !(target instanceof HTMLElement)) return
    // A removal may be under way: afterwards it is clear whether the user has left the element or lost it.
    queueMicrotask(() => {
      const left = target.isConnected && !target.matches(':disabled') && document.activeElement !== target
      if (left && focused?.element === target) focused = undefined
    })
  })
  new MutationObserver((records) => {
    if (!focused || (focused.element.isConnected && !focused.element.matches(':disabled'))) return
    const { parentElement } = focused.element
    const place = focused.element.isConnected
      ? parentElement && { parent: parentElement, neighbour: null }
      : placeOf(focused.element, records)
    if (place) void moveOn(focused, place)
    focused = undefined
  }).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ['disabled'] })
}

/** What was removed with an element may have been in something that was removed as well. */
function placeOf(element: Element, records: MutationRecord[]): Place | undefined {
  let removed: Node = topOf(element)
  for (const { removedNodes, target, nextSibling, previousSibling } of records) {
    if (![...removedNodes].includes(removed as ChildNode)) continue
    if (target instanceof Element && target.isConnected)
      return { parent: target, neighbour: elementOf(nextSibling) ?? elementOf(previousSibling) }
    removed = topOf(target)
  }
  return undefined
}

function topOf(node: Node): Node {
  let top = node
  while (top.parentNode) top = top.parentNode
  return top
}

function elementOf(node: Node | null): Element | null {
  return node instanceof Element ? node : null
}

async function moveOn({ element, seen }: Focused, { parent, neighbour }: Place): Promise<void> {
  await nextFrame()
  const { activeElement, body } = document
  if (activeElement && activeElement !== body && activeElement !== element) return
  const elsewhere = element.id ? document.getElementById(element.id) : null
  const beside = parent.matches(LISTS) && neighbour?.isConnected ? neighbour.querySelector<HTMLElement>(STOPS) : null
  const next = elsewhere ?? beside ?? headingAbove(parent)
  if (!next) return
  if (next.tabIndex < 0) next.tabIndex = -1
  next.focus({ preventScroll: !seen, focusVisible: seen } as FocusOptions)
}

function headingAbove(inside: Element): HTMLElement | null {
  for (let part = inside.closest(PARTS); part; part = part.parentElement?.closest(PARTS) ?? null) {
    const heading = part.querySelector<HTMLElement>('h1, h2, h3')
    if (heading) return heading
    // Leaving an open popup closes it.
    if (part instanceof HTMLElement && part.getAttribute('role')?.includes('dialog')) return part
  }
  return document.querySelector<HTMLElement>('main h1, main')
}

/** After what React does once a change is drawn. */
function nextFrame(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
}
