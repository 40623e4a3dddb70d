import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import type { Permission } from '@/api/useSession'

/** In the order in which they are offered. */
export const SCOPES: readonly Permission[] = [
  'write:book',
  'write:borrow',
  'moderate:book',
  'moderate:borrow',
  'read:user',
  'write:user',
  'delete:user',
  'admin',
]

/** A scope in words; one that a newer host has is shown by its own name. */
export function useScopeText(): (scope: string) => string {
  const { t } = useTranslation('account')
  return useCallback(
    (scope) => {
      switch (scope) {
        case 'write:book':
          return t('scopes.writeBook')
        case 'write:borrow':
          return t('scopes.writeBorrow')
        case 'moderate:book':
          return t('scopes.moderateBook')
        case 'moderate:borrow':
          return t('scopes.moderateBorrow')
        case 'read:user':
          return t('scopes.readUser')
        case 'write:user':
          return t('scopes.writeUser')
        case 'delete:user':
          return t('scopes.deleteUser')
        case 'admin':
          return t('scopes.admin')
        default:
          return scope
      }
    },
    [t],
  )
}
