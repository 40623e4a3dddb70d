import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { RouterProvider } from 'react-router'
import { learnCommunity } from '@/api/community'
import { session } from '@/api/session'
import { fetchFirstBooks } from '@/features/catalogue'
import { startI18n } from '@/i18n/i18n'
import type { FirstLook } from './first-look/first-look'
import { forgetWithSession } from './forget-with-session'
import { fetchPartsForMembers } from './layout/for-members'
import { queryClient } from './query-client'
import { router } from './router'

/** Milliseconds in which a list that has come already is read. */
const ALMOST_THERE = 100

/** The app takes the place of what was drawn before it. */
export async function start(root: HTMLElement, firstLook: FirstLook, onFailure: (error: unknown) => void) {
  session.start()
  if (session.state().status === 'unknown') fetchPartsForMembers()
  forgetWithSession(queryClient)
  const books = fetchFirstBooks(queryClient, location, firstLook.books)
  await startI18n()
  // On a slow phone the list is there before the app: drawn at once, not after its own skeleton.
  await Promise.race([books, new Promise((resolve) => setTimeout(resolve, ALMOST_THERE))])

  firstLook.end()
  createRoot(root, { onUncaughtError: onFailure }).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  )
  void learnCommunity(queryClient)
  void import('./keep-focus').then(({ keepFocus }) => keepFocus())
}
