import { lazy, Suspense } from 'react'
import { createBrowserRouter, Navigate, type RouteObject } from 'react-router'
import { RequirePermission, RequireSession } from '@/api/Require'
import { BrowsePage } from '@/features/catalogue'
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
  { path: 'books/:id', lazy: page(() => import('@/features/book/BookPage'), 'book') },
  { path: 'people/:id', lazy: page(() => import('@/features/people/PersonPage'), 'people') },
  { path: 'login', lazy: page(() => import('@/features/account/LoginPage'), 'account') },
  { path: 'register', lazy: page(() => import('@/features/account/RegisterPage'), 'account') },
  { path: 'forgot-password', lazy: page(() => import('@/features/account/ForgotPasswordPage'), 'account') },
  { path: 'reset-password', lazy: page(() => import('@/features/account/ResetPasswordPage'), 'account') },
  { path: 'verify-email', lazy: page(() => import('@/features/account/VerifyEmailPage'), 'account') },
]

const forMembers: RouteObject[] = [
  { path: 'books/:id/edit', lazy: page(() => import('@/features/shelf/EditBookPage'), 'shelf') },
  { path: 'shelf', lazy: page(() => import('@/features/shelf/ShelfPage'), 'shelf') },
  { path: 'shelf/add', lazy: page(() => import('@/features/shelf/AddBookPage'), 'shelf') },
  { path: 'shelf/import', lazy: page(() => import('@/features/shelf/StartImportPage'), 'shelf') },
  { path: 'shelf/import/:id', lazy: page(() => import('@/features/shelf/ImportPage'), 'shelf') },
  { path: 'loans', lazy: page(() => import('@/features/loans/LoansPage'), 'loans') },
  { path: 'loans/:id', lazy: page(() => import('@/features/loans/LoanPage'), 'loans') },
  { path: 'notifications', lazy: page(() => import('@/features/notifications/NotificationsPage'), 'notifications') },
  {
    path: 'account',
    lazy: page(() => import('@/features/account/AccountLayout'), 'account'),
    children: [
      { index: true, element: <Navigate to="profile" replace /> },
      { path: 'profile', lazy: page(() => import('@/features/account/ProfilePage'), 'account') },
      { path: 'password', lazy: page(() => import('@/features/account/PasswordPage'), 'account') },
      { path: 'sessions', lazy: page(() => import('@/features/account/SessionsPage'), 'account') },
      { path: 'delete', lazy: page(() => import('@/features/account/DeleteAccountPage'), 'account') },
    ],
  },
]

const forModerators: RouteObject[] = [
  { path: 'moderation', lazy: page(() => import('@/features/moderation/DisputesPage'), ['moderation', 'loans']) },
]

const forAdministrators: RouteObject[] = [
  {
    path: 'admin',
    lazy: page(() => import('@/features/administration/AdministrationLayout'), 'administration'),
    children: [
      { index: true, element: <Navigate to="members" replace /> },
      { path: 'members', lazy: page(() => import('@/features/administration/MembersPage'), 'administration') },
      { path: 'events', lazy: page(() => import('@/features/administration/EventsPage'), 'administration') },
      {
        path: 'subscriptions',
        lazy: page(() => import('@/features/administration/SubscriptionsPage'), 'administration'),
      },
      { path: 'dead-letters', lazy: page(() => import('@/features/administration/DeadLettersPage'), 'administration') },
      { path: 'projections', lazy: page(() => import('@/features/administration/ProjectionsPage'), 'administration') },
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
