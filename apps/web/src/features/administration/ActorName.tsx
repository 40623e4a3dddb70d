import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { PersonLink } from '@/features/people'
import { useMemberName, useMemberNames, type LoggedEvent } from './queries'

type Actor = LoggedEvent['actor']

/** Who caused an event, for a list of many. Who has left, or joined long ago, is shown by the end of their id. */
export function ActorInList({ actor }: { actor: Actor }) {
  const { t } = useTranslation('administration')
  const { data: names } = useMemberNames()
  if (!actor.id) return <Nobody actor={actor} />
  const name = names?.get(actor.id)
  return name === undefined ? (
    t('actor.member', { id: actor.id.slice(-8) })
  ) : (
    <PersonLink person={{ id: actor.id, name }} tall />
  )
}

/** Who caused one event. */
export function ActorName({ actor }: { actor: Actor }) {
  const { t } = useTranslation('administration')
  const { data: name, isError } = useMemberName(actor.id ?? undefined)
  if (!actor.id) return <Nobody actor={actor} />
  if (isError) return t('actor.formerMember')
  return name === undefined ? null : <PersonLink person={{ id: actor.id, name }} tall />
}

/** A part of Folkshelf, by its name in the code, or somebody without an account. */
function Nobody({ actor }: { actor: Actor }): ReactNode {
  const { t } = useTranslation('administration')
  return actor.name ? <span className="font-mono text-sm wrap-anywhere">{actor.name}</span> : t('actor.visitor')
}
