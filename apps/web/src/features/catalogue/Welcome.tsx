import { X } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useSessionState } from '@/api/useSession'
import { IconButton } from '@/ui/Button'

const DISMISSED = 'folkshelf.welcomed'

/** Says in one line what this is, to whoever comes for the first time. */
export function Welcome() {
  const { t } = useTranslation('catalogue')
  const { status } = useSessionState()
  const [dismissed, setDismissed] = useState(() => localStorage.getItem(DISMISSED) !== null)
  if (status !== 'visitor' || dismissed) return null
  const dismiss = () => {
    localStorage.setItem(DISMISSED, '1')
    setDismissed(true)
  }
  return (
    <aside className="mb-6 flex items-center gap-2 rounded-lg bg-accent-soft py-1 pr-1 pl-4 text-accent-strong">
      <p className="min-w-0 flex-1 py-2 text-pretty">
        {t('welcome.text')}{' '}
        <Link to="/register" className="font-medium underline underline-offset-4">
          {t('welcome.join')}
        </Link>
      </p>
      <IconButton label={t('welcome.dismiss')} onClick={dismiss} className="text-accent-strong">
        <X aria-hidden className="size-5" />
      </IconButton>
    </aside>
  )
}
