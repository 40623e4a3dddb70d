import { LogOut, Scale, UserRound, Wrench } from 'lucide'
import { useSyncExternalStore, type ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { session } from '@/api/session'
import { useCommand } from '@/api/useCommand'
import { useSession } from '@/api/useSession'
import { useChooseLanguage } from '@/features/account'
import { languages, type Language } from '@/i18n/i18n'
import { formats } from '@/i18n/format'
import { Icon } from '@/ui/Icon'
import { Menu, MenuChoice, MenuItem, MenuLink, MenuSeparator } from '@/ui/Menu'
import { chooseTheme, theme, themes } from '@/ui/theme'
import { Written } from '@/ui/Written'

const icon = 'size-5 text-soft'

/** Language and theme for everybody; for members also their account. Opens as it comes: see `AccountButton`. */
export default function AccountMenu({ trigger }: { trigger: ReactElement }) {
  const { t, i18n } = useTranslation()
  const { user, can } = useSession()
  const chosenTheme = useSyncExternalStore(theme.subscribe, theme.get)
  const chooseLanguage = useChooseLanguage()
  const logOut = useLogOut()
  return (
    <Menu trigger={trigger} defaultOpen>
      {user && (
        <>
          <Written as="p" className="max-w-64 truncate px-3 py-2 text-left font-medium">
            {user.name}
          </Written>
          <MenuLink to="/account" icon={<Icon of={UserRound} className={icon} />}>
            {t('account.account')}
          </MenuLink>
          {can('moderate:borrow') && (
            <MenuLink to="/moderation" icon={<Icon of={Scale} className={icon} />}>
              {t('account.moderation')}
            </MenuLink>
          )}
          {can('admin') && (
            <MenuLink to="/admin" icon={<Icon of={Wrench} className={icon} />}>
              {t('account.administration')}
            </MenuLink>
          )}
          <MenuSeparator />
        </>
      )}
      <MenuChoice
        label={t('account.language')}
        value={i18n.language as Language}
        options={languages.map((code) => ({
          value: code,
          label: capitalised(formats(code).languageName(code)),
          lang: code,
        }))}
        onChange={chooseLanguage}
      />
      <MenuSeparator />
      <MenuChoice
        label={t('account.theme')}
        value={chosenTheme}
        options={themes.map((name) => ({ value: name, label: t(`theme.${name}`) }))}
        onChange={chooseTheme}
      />
      {user && (
        <>
          <MenuSeparator />
          <MenuItem icon={<Icon of={LogOut} className={icon} />} onClick={logOut}>
            {t('session.logOut')}
          </MenuItem>
        </>
      )}
    </Menu>
  )
}

function capitalised(word: string): string {
  return word.charAt(0).toLocaleUpperCase() + word.slice(1)
}

function useLogOut(): () => void {
  const { run } = useCommand({ send: session.logOut })
  return run
}
