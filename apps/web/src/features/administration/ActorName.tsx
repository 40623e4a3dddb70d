import { useTranslation } from 'react-i18next'
import { useMemberName, type LoggedEvent } from './queries'

/** Who caused an event: a member, a part of Folkshelf, or somebody without an account. */
export function ActorName({ actor }: { actor: LoggedEvent['actor'] }) {
  const { t } = useTranslation('administration')
  const member = useMemberName(actor.id ?? undefined)
  if (actor.id) return member.isError ? t('actor.formerMember') : (member.data ?? '…')
  return actor.name ? t('actor.system', { name: actor.name }) : t('actor.visitor')
}
