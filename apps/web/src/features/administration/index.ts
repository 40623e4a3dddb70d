import type { pages } from './pages'

// Each is fetched when somebody goes there.
export const loadAdministrationLayout = () => import('./AdministrationLayout')
export const loadAdministrationPage = (name: keyof typeof pages) => async () => (await import('./pages')).pages[name]()
