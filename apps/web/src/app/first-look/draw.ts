import type { ReactElement, ReactNode } from 'react'

const SVG = 'http://www.w3.org/2000/svg'
/** Attributes that React spells otherwise than the document: `strokeWidth`. */
const spelled = (name: string) =>
  name === 'className'
    ? 'class'
    : name.startsWith('stroke')
      ? name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
      : name

/**
 * Draws components without React: of those without hooks the elements are all that is needed. Texts become text nodes,
 * never markup; what reacts to events stays away.
 */
export function draw(node: ReactNode, into: Element): void {
  if (Array.isArray(node)) for (const one of node as ReactNode[]) draw(one, into)
  else if (isElement(node)) drawElement(node, into)
  else if (typeof node === 'string' || typeof node === 'number') into.append(String(node))
}

type AnyElement = ReactElement<Record<string, unknown> & { children?: ReactNode }>

function isElement(node: ReactNode): node is AnyElement {
  return typeof node === 'object' && node !== null && 'props' in node
}

function drawElement({ type, props }: AnyElement, into: Element): void {
  if (typeof type === 'function') return draw((type as (props: unknown) => ReactNode)(props), into)
  // A fragment.
  if (typeof type !== 'string') return draw(props.children, into)
  const element = document.createElementNS(type === 'svg' ? SVG : into.namespaceURI, type)
  for (const [name, value] of Object.entries(props)) {
    // As an attribute the Content-Security-Policy forbids it.
    if (name === 'style') Object.assign((element as HTMLElement).style, value)
    else if (value === true && !name.startsWith('aria-')) element.setAttribute(spelled(name), '')
    else if (isWorth(name, value)) element.setAttribute(spelled(name), String(value))
  }
  draw(props.children, element)
  into.append(element)
}

function isWorth(name: string, value: unknown): boolean {
  if (name === 'children' || value === undefined || value === null || typeof value === 'function') return false
  return value !== false || name.startsWith('aria-')
}
