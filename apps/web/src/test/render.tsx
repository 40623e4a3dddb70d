import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render } from '@testing-library/react'
import type { ReactElement, ReactNode } from 'react'
import { createMemoryRouter, RouterProvider } from 'react-router'
import { i18n, startI18n, type Language } from '@/i18n/i18n'

type Words = Parameters<typeof i18n.loadNamespaces>[0]

/** The ground that pages stand on: words, queries, an address. */
export async function renderPage(
  page: ReactElement,
  { words = [], language = 'en', at = '/' }: { words?: Words; language?: Language; at?: string } = {},
) {
  if (!i18n.isInitialized) await startI18n(language)
  await i18n.changeLanguage(language)
  await i18n.loadNamespaces(['refusals', ...[words].flat()])
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false }, mutations: { retryDelay: 1 } } })
  const router = createMemoryRouter([{ path: '*', element: page }], { initialEntries: [at] })
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={queries}>{children}</QueryClientProvider>
  )
  return { queries, router, ...render(<RouterProvider router={router} />, { wrapper }) }
}
