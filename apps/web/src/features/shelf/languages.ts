import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'

/** The languages a book may be in, as the host knows them: codes of ISO 639. */
const CODES = `
  aa ab ae af ak am an ang ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch chr co cop cr cs cu cv cy da
  de dv dz ee el en enm eo es et eu fa ff fi fil fj fo fr fy ga gd gl gn grc gsw gu gv ha haw he hi ho hr ht hu
  hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt
  lu lv mg mh mi mk ml mn mr ms mt my na nb nd nds ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm
  rn ro ru rw sa sc sco sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw
  ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
`.trim()

export interface LanguageOption {
  value: string
  label: string
}

/** Their names in the reader's language, in its order; `first` come before the rest. */
export function languageOptions(language: string, first: readonly string[]): LanguageOption[] {
  const names = new Intl.DisplayNames(language, { type: 'language', fallback: 'none' })
  const { compare } = new Intl.Collator(language)
  const options = CODES.split(/\s+/).flatMap((value) => {
    const label = names.of(value)
    return label ? [{ value, label }] : []
  })
  const rank = ({ value }: LanguageOption) => (first.includes(value) ? first.indexOf(value) : first.length)
  return options.toSorted((one, other) => rank(one) - rank(other) || compare(one.label, other.label))
}

export function useLanguageOptions(first: readonly string[]): LanguageOption[] {
  const { i18n } = useTranslation()
  return useMemo(() => languageOptions(i18n.language, first), [i18n.language, first])
}
