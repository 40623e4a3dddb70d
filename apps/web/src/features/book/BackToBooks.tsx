import { ChevronLeft } from 'lucide'
import { useTranslation } from 'react-i18next'
import { Link, useLocation, useNavigate } from 'react-router'
import { Icon } from '@/ui/Icon'

/** Back to the list as it was left; to the whole of it for those who came another way. */
export function BackToBooks() {
  const { t } = useTranslation('book')
  const navigate = useNavigate()
  const state: unknown = useLocation().state
  const fromBrowse = typeof state === 'object' && state !== null && 'fromBrowse' in state
  return (
    <Link
      to="/"
      onClick={(event) => {
        if (!fromBrowse || event.metaKey || event.ctrlKey || event.shiftKey) return
        event.preventDefault()
        void navigate(-1)
      }}
      className="-ml-1 inline-flex min-h-11 w-fit items-center gap-1 text-soft hover:text-ink"
    >
      <Icon of={ChevronLeft} className="size-5" />
      {t('page.back')}
    </Link>
  )
}
