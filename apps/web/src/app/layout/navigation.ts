import { Bell, BookOpen, Handshake, LibraryBig } from 'lucide'

/** Where everybody goes every day. */
export const places = [
  { to: '/', label: 'navigation.browse', icon: BookOpen, end: true },
  { to: '/shelf', label: 'navigation.shelf', icon: LibraryBig, end: false },
  { to: '/loans', label: 'navigation.loans', icon: Handshake, end: false },
] as const

export const notifications = {
  to: '/notifications',
  label: 'navigation.notifications',
  icon: Bell,
  end: false,
} as const
