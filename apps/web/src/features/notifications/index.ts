export { NotificationBell } from './NotificationBell'
export { useUnreadCount } from './queries'

// Each is fetched when somebody goes there.
export const loadNotificationsPage = () => import('./NotificationsPage')
