export { NotificationBell } from '@/features/notifications'
export { BottomNavigation } from './BottomNavigation'
export { WideNavigation } from './WideNavigation'
