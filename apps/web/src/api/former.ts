import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { components } from './schema'

type Member = components['schemas']['MemberPart']
type Loan = components['schemas']['BorrowView']
type Happening = components['schemas']['Happening']

/** Who has left has no name any more: words in the language of the page stand in its place. */
export function useNamed() {
  const { t } = useTranslation()
  const former = t('formerMember')
  return useMemo(() => namedWith(former), [former])
}

export function namedWith(former: string) {
  const member = <M extends Member>(member: M): M => (member.left ? { ...member, name: former } : member)
  return {
    loan: (loan: Loan): Loan => {
      const { owner, borrower, noteBy, resolution } = loan
      if (![owner, borrower, noteBy, resolution?.by].some((one) => one?.left)) return loan
      return {
        ...loan,
        owner: member(owner),
        borrower: member(borrower),
        ...(noteBy && { noteBy: member(noteBy) }),
        ...(resolution?.by && { resolution: { ...resolution, by: member(resolution.by) } }),
      }
    },
    happening: (happening: Happening): Happening =>
      happening.actor?.left ? { ...happening, actor: member(happening.actor) } : happening,
  }
}
