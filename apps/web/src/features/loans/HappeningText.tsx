import { Fragment } from 'react'
import { useTranslation } from 'react-i18next'
import { useUserId } from '@/api/useSession'
import { PersonLink } from '@/features/people'
import { useFormats } from '@/i18n/format'
import { detailsOf, variantOf, type Happening } from './happening'

/** Stands in a sentence where a link comes: a sign of no script. */
const LINK = '\ufffc'

/** What happened, as a sentence to whoever reads it. The name in it leads to the person. */
export function HappeningText({ happening, borrowerId }: { happening: Happening; borrowerId: string }) {
  const { t, i18n } = useTranslation('loans')
  const userId = useUserId()
  const format = useFormats()
  const { actor } = happening
  const { days, dueAt, pickupBy } = detailsOf(happening)
  const date = dueAt ?? pickupBy
  const variant = variantOf(happening, borrowerId)
  const keys = [`${variant}.${!actor ? 'nobody' : actor.id === userId ? 'me' : 'other'}`, `${variant}.other`]
  const key = keys.find((key) => i18n.exists(`happened.${key}`, { ns: 'loans' })) ?? 'unknown.other'
  const sentence = t(`happened.${key as 'created.other'}`, {
    actor: LINK,
    days: days === undefined ? '' : t('days', { count: days }),
    when: date ? format.day(date) : '',
  })
  return sentence.split(LINK).map((part, place, [before]) => (
    <Fragment key={place}>
      {place > 0 && actor && <PersonLink person={actor} first={place === 1 && !before} />}
      {part}
    </Fragment>
  ))
}
