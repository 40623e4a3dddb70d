import type { TFunction } from 'i18next'
import * as z from 'zod/mini'

const bytes = (text: string) => new TextEncoder().encode(text).length

/** What the host asks of a mail address, a name, a password; with the words for what is wrong. */
export function accountRules(t: TFunction<'account'>) {
  return {
    email: z.string().check(z.trim(), z.email(t('rules.email')), z.maxLength(254, t('rules.email'))),
    name: z.string().check(z.trim(), z.minLength(1, t('rules.nameMissing')), z.maxLength(100)),
    /** As it was once chosen. */
    password: z.string().check(z.minLength(1, t('rules.passwordMissing'))),
    newPassword: z.string().check(
      z.minLength(10, t('rules.passwordShort')),
      z.refine((text) => bytes(text) <= 71, t('rules.passwordLong')),
    ),
  }
}
