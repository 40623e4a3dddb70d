import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it } from 'vitest'
import type { BookCard } from '@/features/catalogue'
import * as en from '@/i18n/first/en'
import { draw } from './draw'
import { FirstPage } from './FirstPage'

const hostile = '<img src=x onerror="alert(1)"> & "quoted" ألف ليلة'

const book = (id: string, more: Partial<BookCard> = {}): BookCard => ({
  id,
  title: `Title ${id}`,
  authors: ['Jane Austen', 'نجيب محفوظ'],
  coverUrl: null,
  lending: 'lend',
  status: 'available',
  available: true,
  owner: { id: 'olga', name: 'Olga' },
  ...more,
})

const books = [
  book('1', { title: hostile, authors: [hostile] }),
  book('2', { coverUrl: '/covers/2.webp' }),
  book('3', { status: 'on_loan' }),
  book('4', { lending: 'give' }),
  book('5', { status: 'lost' }),
  book('6'),
  book('7'),
]

/** Styles are written in several ways. */
function parsed(markup: string): Element {
  const element = document.createElement('div')
  element.innerHTML = markup
  // React asks for pictures ahead.
  for (const link of element.querySelectorAll('link')) link.remove()
  for (const one of element.querySelectorAll<HTMLElement>('[style]')) one.style.cssText = `${one.style.cssText}`
  return element
}

describe.each([false, true])('what is drawn without React (wide: %s)', (wide) => {
  window.matchMedia = () => ({ matches: wide }) as MediaQueryList
  const page = <FirstPage words={en} name={hostile} books={books} count="7 books" wide={wide} />
  const drawn = document.createElement('div')
  draw(page, drawn)
  const rendered = parsed(renderToStaticMarkup(page))

  it('is what React draws', () => {
    expect(parsed(drawn.innerHTML).isEqualNode(rendered)).toBe(true)
    expect(rendered.querySelectorAll('li a').length).toBe(wide ? 7 : 6)
  })

  it('takes what members write for text, and pictures for pictures', () => {
    expect([...drawn.querySelectorAll('img')].map((image) => image.getAttribute('src'))).toEqual(['/covers/2.webp'])
    expect(drawn.querySelector('h1')?.textContent).toBe(hostile)
    expect(drawn.querySelector('a[href="/books/1"]')?.textContent).toBe(hostile)
  })
})
