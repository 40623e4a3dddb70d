import { lazy, Suspense } from 'react'
import { createBrowserRouter, Navigate, type RouteObject } from 'react-router'
import { RequirePermission, RequireSession } from '@/api/Require'
import {
  loadAccountLayout,
  loadForgotPasswordPage,
  loadLoginPage,
  loadRegisterPage,
  loadResetPasswordPage,
  loadUnsubscribePage,
  loadVerifyEmailPage,
} from '@/features/account'
import { loadAdministrationLayout, loadAdministrationPage } from '@/features/administration'
import { loadBookPage } from '@/features/book'
import { BrowsePage } from '@/features/catalogue'
import { loadLoanPage, loadLoansPage } from '@/features/loans'
import { loadModeration } from '@/features/moderation'
import { loadNotificationsPage } from '@/features/notifications'
import { loadPersonPage } from '@/features/people'
import { loadAddBookPage, loadEditBookPage, loadImportPage, loadShelfPage, loadStartImportPage } from '@/features/shelf'
import { PageSkeleton } from '@/ui/PageSkeleton'
import { keepEntryKey } from './entry-key'
import { ErrorPage } from './ErrorPage'
import { Shell } from './layout/Shell'
import { page } from './page'

const NotFoundPage = lazy(async () => ({ default: (await import('./NotFoundPage')).NotFoundPage }))
const nothingHere = (
  <Suspense fallback={<PageSkeleton />}>
    <NotFoundPage />
  </Suspense>
)

const forEverybody: RouteObject[] = [
  // The first page, for most: not another trip away.
  { index: true, Component: BrowsePage },
  { path: 'books/:id', lazy: page(loadBookPage, 'book') },
  { path: 'people/:id', lazy: page(loadPersonPage, 'people') },
  { path: 'login', lazy: page(loadLoginPage, 'account') },
  { path: 'register', lazy: page(loadRegisterPage, 'account') },
  { path: 'forgot-password', lazy: page(loadForgotPasswordPage, 'account') },
  { path: 'reset-password', lazy: page(loadResetPasswordPage, 'account') },
  { path: 'verify-email', lazy: page(loadVerifyEmailPage, 'account') },
  { path: 'unsubscribe', lazy: page(loadUnsubscribePage, 'account') },
]

const forMembers: RouteObject[] = [
  { path: 'books/:id/edit', lazy: page(loadEditBookPage, 'shelf') },
  { path: 'shelf', lazy: page(loadShelfPage, 'shelf') },
  { path: 'shelf/add', lazy: page(loadAddBookPage, 'shelf') },
  { path: 'shelf/import', lazy: page(loadStartImportPage, 'shelf') },
  { path: 'shelf/import/:id', lazy: page(loadImportPage, 'shelf') },
  { path: 'loans', lazy: page(loadLoansPage, 'loans') },
  { path: 'loans/:id', lazy: page(loadLoanPage, ['loans', 'people']) },
  { path: 'notifications', lazy: page(loadNotificationsPage, 'notifications') },
  { path: 'account/*', lazy: page(loadAccountLayout, ['account', 'people']) },
]

const forModerators: RouteObject[] = [
  { path: 'moderation/*', lazy: page(loadModeration, ['moderation', 'loans', 'people']) },
]

const administration = [
  'members',
  'months',
  'mails',
  'events',
  'subscriptions',
  'dead-letters',
  'projections',
  'jobs',
] as const

const forAdministrators: RouteObject[] = [
  {
    path: 'admin',
    lazy: page(loadAdministrationLayout, 'administration'),
    children: [
      { index: true, element: <Navigate to="members" replace /> },
      ...administration.map((path) => ({ path, lazy: page(loadAdministrationPage(path), 'administration') })),
    ],
  },
]

export const routes: RouteObject[] = [
  {
    element: <Shell />,
    ErrorBoundary: ErrorPage,
    children: [
      {
        ErrorBoundary: ErrorPage,
        HydrateFallback: PageSkeleton,
        children: [
          ...forEverybody,
          {
            element: <RequireSession />,
            children: [
              ...forMembers,
              {
                element: <RequirePermission permission="moderate:borrow" otherwise={nothingHere} />,
                children: forModerators,
              },
              {
                element: <RequirePermission permission="admin" otherwise={nothingHere} />,
                children: forAdministrators,
              },
            ],
          },
          { path: '*', element: nothingHere },
        ],
      },
    ],
  },
]

keepEntryKey()
export const router = createBrowserRouter(routes)
