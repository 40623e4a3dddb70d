import { api, ask } from '@/api/client'
import { keys } from '@/api/keys'
import { useSession } from '@/api/useSession'
import { ifMatch, useCommand } from '@/api/useCommand'
import { chooseLanguage, i18n, spokenLanguage, type Language } from '@/i18n/i18n'
import { describedAs } from './profile'

/** Members read in the language of their profile wherever they log in. */
export async function speakProfileLanguage(): Promise<void> {
  const { language } = await ask(api.GET('/api/v1/profile'))
  const spoken = spokenLanguage(language)
  if (spoken && spoken !== i18n.language) await chooseLanguage(spoken)
}

/** Chooses the language of the app, and for members that of their profile. */
export function useChooseLanguage(): (language: Language) => void {
  const { user } = useSession()
  const { run: keep } = useCommand({
    send: async (language: Language, headers) => {
      const me = await ask(api.GET('/api/v1/profile'))
      if (spokenLanguage(me.language) === language) return me
      const body = { ...describedAs(me), language }
      return ask(api.PUT('/api/v1/profile', { body, headers: { ...headers, ...ifMatch(me.version) } }))
    },
    refreshes: [keys.account.me],
  })
  return (language) => {
    void chooseLanguage(language)
    if (user) keep(language)
  }
}
