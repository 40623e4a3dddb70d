import { createStore } from '@/store'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

/** Also read by `public/theme.js`, before the first paint. */
const STORED = 'folkshelf.theme'

const stored = localStorage.getItem(STORED)
export const theme = createStore<Theme>(themes.find((name) => name === stored) ?? 'system')

export function chooseTheme(next: Theme): void {
  if (next === 'system') {
    localStorage.removeItem(STORED)
    delete document.documentElement.dataset.theme
  } else {
    localStorage.setItem(STORED, next)
    document.documentElement.dataset.theme = next
  }
  theme.set(next)
}
