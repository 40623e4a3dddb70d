import { useTranslation } from 'react-i18next'
import { useMemberName, type LoggedEvent } from './queries'

/** Who caused an event: a member, a part of Folkshelf (by its name in the code), or somebody without an account. */
export function ActorName({ actor }: { actor: LoggedEvent['actor'] }) {
  const { t } = useTranslation('administration')
  const member = useMemberName(actor.id ?? undefined)
  if (actor.id) return member.isError ? t('actor.formerMember') : (member.data ?? '…')
  return actor.name ? <span className="font-mono text-sm wrap-anywhere">{actor.name}</span> : t('actor.visitor')
}
