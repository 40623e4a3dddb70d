export { useChooseLanguage } from './language'

// Each is fetched when somebody goes there.
export const loadAccountLayout = () => import('./AccountLayout')
export const loadForgotPasswordPage = () => import('./ForgotPasswordPage')
export const loadLogInAgain = () => import('./LogInAgain')
export const loadLoginPage = () => import('./LoginPage')
export const loadRegisterPage = () => import('./RegisterPage')
export const loadResetPasswordPage = () => import('./ResetPasswordPage')
export const loadUnsubscribePage = () => import('./UnsubscribePage')
export const loadVerifyEmailPage = () => import('./VerifyEmailPage')
