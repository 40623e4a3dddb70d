import type { TFunction } from 'i18next'
import type { Formats } from '@/i18n/format'
import type { Person } from './queries'

/** What became of the books that somebody lent, gave away and borrowed: a sentence each. */
export function recordOf(
  { lent, cameBack, out, given, borrowed }: Person['counts'],
  t: TFunction<'people'>,
  format: Formats,
): string[] {
  const lost = lent - cameBack - out
  const fates = [
    cameBack > 0 && t('record.back', { count: cameBack }),
    out > 0 && t('record.out', { count: out }),
    lost > 0 && t('record.lost', { count: lost }),
  ].filter((fate) => fate !== false)
  const number = format.number(lent)
  return [
    lent === 0
      ? t('record.nothingLent')
      : lent === cameBack
        ? t('record.allBack', { count: lent, number })
        : t('record.lent', { count: lent, number, fates: format.list(fates) }),
    ...(given > 0 ? [t('record.given', { count: given })] : []),
    ...(borrowed > 0 ? [t('record.borrowed', { count: borrowed })] : []),
  ]
}
