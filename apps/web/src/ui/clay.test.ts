import { expect, it } from 'vitest'

const files = import.meta.glob<string>('../**/*.{ts,tsx}', { eager: true, query: '?raw', import: 'default' })
const CLAY = /\b(?:bg|text|border|outline|fill|stroke|accent|ring|decoration|divide)-(?:on-)?accent(?:-\w+)?\b/
/** The primary button, and the mark of Folkshelf. */
const ALLOWED = ['./button-look.ts', '../app/layout/Mark.tsx']

it('keeps clay for the one primary action of a page', () => {
  const found = Object.entries(files).filter(([path, text]) => !path.includes('.test.') && CLAY.test(text))
  expect(found.map(([path]) => path).toSorted()).toEqual(ALLOWED.toSorted())
})
