// Each is fetched when somebody goes there.
export const loadAdministrationLayout = () => import('./AdministrationLayout')
export const loadDeadLettersPage = () => import('./DeadLettersPage')
export const loadEventsPage = () => import('./EventsPage')
export const loadMailsPage = () => import('./MailsPage')
export const loadMembersPage = () => import('./MembersPage')
export const loadProjectionsPage = () => import('./ProjectionsPage')
export const loadSubscriptionsPage = () => import('./SubscriptionsPage')
