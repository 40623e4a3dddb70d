import type { Page } from '@playwright/test'

/** What is not in its place on a page as it is now. */
export async function misplaced(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement
    const style = (element: Element) => getComputedStyle(element)
    const text = (element: Element) => element.outerHTML.replace(/\s+/g, ' ').slice(0, 160)
    const hiddenIn = (element: Element | null): boolean =>
      element !== null && (style(element).clipPath === 'inset(50%)' || hiddenIn(element.parentElement))
    const all = [...document.querySelectorAll<HTMLElement>('body *')].filter((element) => {
      const { width, height } = element.getBoundingClientRect()
      // What is there for screen readers alone is a dot, whatever is in it.
      return width > 1 && height > 1 && !hiddenIn(element) && element.checkVisibility({ opacityProperty: true })
    })
    const parents = (element: Element): Element[] =>
      element.parentElement ? [element.parentElement, ...parents(element.parentElement)] : []
    const inside = ({ left, right }: DOMRect) => left >= -1 && right <= clientWidth + 1
    // Tabs and tables may be wider than their box, and say so.
    const scroller = (element: Element) =>
      element.classList.contains('overflow-x-auto') || element.className.includes?.(':overflow-x-auto')
    const cut = (element: Element) =>
      style(element).textOverflow === 'ellipsis' || style(element).webkitLineClamp !== 'none'
    const faults: string[] = []

    if (scrollWidth > clientWidth) faults.push(`scrolls sideways: ${scrollWidth} px of ${clientWidth}`)

    const beyond = all.filter((element) => {
      if (inside(element.getBoundingClientRect())) return false
      const boxes = parents(element).filter((box) => style(box).overflowX !== 'visible')
      // Of a text that is cut off with dots the rest is meant to be hidden; of anything else one can use nothing is.
      return !boxes.some((box) => (scroller(box) || cut(box)) && inside(box.getBoundingClientRect()))
    })
    const outermost = beyond.filter(
      (element) => !parents(element).some((parent) => beyond.includes(parent as HTMLElement)),
    )
    for (const element of outermost.slice(0, 3)) faults.push(`leaves the screen: ${text(element)}`)

    for (const element of all) {
      if (!/auto|scroll/.test(style(element).overflowX) || scroller(element)) continue
      if (element.scrollWidth > element.clientWidth + 1) faults.push(`scrolls sideways inside: ${text(element)}`)
    }

    // Lines of a link that are cut off still count as part of it: they lie on what follows.
    for (const link of document.querySelectorAll('a[href], button')) {
      const box = parents(link).find(cut)?.getBoundingClientRect()
      const beyond = (area: DOMRect) => box && (area.bottom > box.bottom + 1 || area.right > box.right + 1)
      if ([...link.getClientRects()].some(beyond)) faults.push(`reaches beyond where it is cut off: ${text(link)}`)
    }

    const covers = all.filter((element) => element.matches('[aria-hidden].aspect-2\\/3'))
    const rows = all.filter((element) => element.matches('li'))
    const overlap = (one: Element, other: Element) => {
      const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()]
      return (
        Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
        Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1
      )
    }
    covers.forEach((cover, place) => {
      const other = covers.slice(place + 1).find((next) => overlap(cover, next))
      if (other) faults.push(`covers overlap: ${text(cover)}`)
    })
    for (const row of rows) {
      const next = row.nextElementSibling
      if (next && overlap(row, next)) faults.push(`rows overlap: ${text(row)}`)
    }

    const turning = /[\u0590-\u08ff\u202a-\u202e\ufb1d-\ufdff\ufe70-\ufefc]/
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (texts.nextNode()) {
      const { data, parentElement } = texts.currentNode as Text
      if (/^\d+\+?$/.test(data)) {
        const range = document.createRange()
        range.selectNode(texts.currentNode)
        if (range.getClientRects().length > 1) faults.push(`breaks a number: ${parentElement && text(parentElement)}`)
      }
      if (!turning.test(data) || /[\u2066-\u2068]/.test(data)) continue
      if (!parentElement?.closest('body [dir], bdi, textarea, option, script'))
        faults.push(`turns the words beside it: ${parentElement && text(parentElement)}`)
    }
    return faults.slice(0, 8)
  })
}
