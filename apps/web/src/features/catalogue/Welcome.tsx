import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useSessionState } from '@/api/useSession'
import { browseLook } from './look'

/** Says in one line what this is, to those who have no account yet. */
export function Welcome() {
  const { t } = useTranslation('catalogue')
  const { status } = useSessionState()
  if (status !== 'visitor') return null
  return (
    <p className={browseLook.welcome}>
      {t('welcome.text')}{' '}
      <Link to="/register" className="link">
        {t('welcome.join')}
      </Link>
    </p>
  )
}
