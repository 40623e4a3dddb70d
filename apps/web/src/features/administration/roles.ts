import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'

const named = ['user', 'premium', 'moderator', 'admin'] as const

/** A role in words; one that a newer host has is shown by its own name. */
export function useRoleText(): (role: string) => { name: string; hint: string } {
  const { t } = useTranslation('administration')
  return useCallback(
    (role) => {
      const known = named.find((name) => name === role)
      return known ? { name: t(`roles.${known}`), hint: t(`roleHints.${known}`) } : { name: role, hint: '' }
    },
    [t],
  )
}
