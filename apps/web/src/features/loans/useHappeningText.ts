import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { useUserId } from '@/api/useSession'
import { useFormats } from '@/i18n/format'
import { detailsOf, variantOf, type Happening } from './happening'

/** What happened, as a sentence to whoever reads it. */
export function useHappeningText(borrowerId: string): (happening: Happening) => string {
  const { t, i18n } = useTranslation('loans')
  const userId = useUserId()
  const format = useFormats()
  return useCallback(
    (happening) => {
      const { actor } = happening
      const { days, dueAt, pickupBy } = detailsOf(happening)
      const date = dueAt ?? pickupBy
      const variant = variantOf(happening, borrowerId)
      const keys = [`${variant}.${!actor ? 'nobody' : actor.id === userId ? 'me' : 'other'}`, `${variant}.other`]
      const key = keys.find((key) => i18n.exists(`happened.${key}`, { ns: 'loans' })) ?? 'unknown.other'
      return t(`happened.${key as 'created.other'}`, {
        actor: actor?.name,
        days: days === undefined ? '' : t('days', { count: days }),
        when: date ? format.day(date) : '',
      })
    },
    [t, i18n, format, userId, borrowerId],
  )
}
