import { Settings2 } from 'lucide'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSession } from '@/api/useSession'
import { Avatar } from '@/ui/Avatar'
import { IconButton } from '@/ui/Button'
import { Icon } from '@/ui/Icon'

const load = () => import('./AccountMenu')
const AccountMenu = lazy(load)

/** Opens the account menu, whose code is fetched when somebody reaches for it. */
export function AccountButton() {
  const { t } = useTranslation()
  const { user } = useSession()
  const [wanted, setWanted] = useState(false)
  const button = (
    <IconButton
      label={user ? t('account.menu', { name: user.name }) : t('account.settings')}
      aria-haspopup="menu"
      onPointerEnter={() => void load()}
      onFocus={() => void load()}
      onClick={() => setWanted(true)}
    >
      {user ? <Avatar name={user.name} /> : <Icon of={Settings2} className="size-6" strokeWidth={1.75} />}
    </IconButton>
  )
  return wanted ? (
    <Suspense fallback={button}>
      <AccountMenu trigger={button} />
    </Suspense>
  ) : (
    button
  )
}
