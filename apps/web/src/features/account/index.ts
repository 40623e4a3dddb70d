export { useChooseLanguage } from './language'

// Each is fetched when somebody goes there.
export const loadAccountLayout = () => import('./AccountLayout')
export const loadApiKeysPage = () => import('./ApiKeysPage')
export const loadBlocksPage = () => import('./BlocksPage')
export const loadCalendarPage = () => import('./CalendarPage')
export const loadDeleteAccountPage = () => import('./DeleteAccountPage')
export const loadForgotPasswordPage = () => import('./ForgotPasswordPage')
export const loadLogInAgain = () => import('./LogInAgain')
export const loadLoginPage = () => import('./LoginPage')
export const loadNotificationPreferencesPage = () => import('./NotificationsPage')
export const loadPasswordPage = () => import('./PasswordPage')
export const loadProfilePage = () => import('./ProfilePage')
export const loadRegisterPage = () => import('./RegisterPage')
export const loadResetPasswordPage = () => import('./ResetPasswordPage')
export const loadSessionsPage = () => import('./SessionsPage')
export const loadUnsubscribePage = () => import('./UnsubscribePage')
export const loadVerifyEmailPage = () => import('./VerifyEmailPage')
