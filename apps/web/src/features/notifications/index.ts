export { useUnreadCount } from './queries'
