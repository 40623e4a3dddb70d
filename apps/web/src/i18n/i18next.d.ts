import type account from '@/features/account/locales/en.json'
import type administration from '@/features/administration/locales/en.json'
import type book from '@/features/book/locales/en.json'
import type catalogue from '@/features/catalogue/locales/en.json'
import type loans from '@/features/loans/locales/en.json'
import type moderation from '@/features/moderation/locales/en.json'
import type notifications from '@/features/notifications/locales/en.json'
import type people from '@/features/people/locales/en.json'
import type shelf from '@/features/shelf/locales/en.json'
import type common from './common/en.json'
import type errors from './errors/en.json'
import type refusals from './refusals/en.json'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common'
    returnNull: false
    resources: {
      common: typeof common
      errors: typeof errors
      refusals: typeof refusals
      account: typeof account
      administration: typeof administration
      book: typeof book
      catalogue: typeof catalogue
      loans: typeof loans
      moderation: typeof moderation
      notifications: typeof notifications
      people: typeof people
      shelf: typeof shelf
    }
  }
}
