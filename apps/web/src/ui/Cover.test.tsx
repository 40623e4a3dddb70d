import { fireEvent, render, screen } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { Cover } from './Cover'
import { coverDesign } from './cover-design'

/** WCAG 2: how well one colour reads on another. */
function contrast(one: string, other: string): number {
  const luminance = (colour: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
      const part = Number.parseInt(colour.slice(start, start + 2), 16) / 255
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a)
  return (light + 0.05) / (dark + 0.05)
}

const designs = Array.from({ length: 300 }, (_, number) => coverDesign(`Title ${number}`, ['Author']))

describe('a drawn cover', () => {
  it('is the same for the same book, however its letters are encoded', () => {
    expect(coverDesign('Dune', ['Frank Herbert'])).toEqual(coverDesign('Dune', ['Frank Herbert']))
    expect(coverDesign('Café', ['É. Zola'])).toEqual(coverDesign('Cafe\u0301', ['E\u0301. Zola']))
  })

  it('differs between books', () => {
    expect(new Set(designs.map((design) => JSON.stringify(design))).size).toBeGreaterThan(30)
  })

  it('can be read', () => {
    for (const { ground, ink } of designs) expect(contrast(ground, ink)).toBeGreaterThan(4.5)
  })
})

describe('a cover', () => {
  it('is drawn where its picture cannot be had', () => {
    const { container } = render(<Cover title="Dune" authors={['Frank Herbert']} url="/covers/gone.webp" />)
    expect(screen.queryByText('Dune')).toBeNull()
    const picture = container.querySelector('img')
    if (!picture) throw new Error('no picture')
    fireEvent.error(picture)
    expect(screen.getByText('Dune')).toBeTruthy()
  })
})
