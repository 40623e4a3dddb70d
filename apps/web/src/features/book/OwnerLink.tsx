import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { searchOf } from '@/features/catalogue'
import { Avatar } from '@/ui/Avatar'
import { Written } from '@/ui/Written'
import type { Book } from './queries'

export function OwnerLink({ owner }: { owner: Book['owner'] }) {
  const { t } = useTranslation('book')
  return (
    <div className="flex items-center gap-3">
      <Avatar name={owner.name} className="size-11" />
      <div className="min-w-0">
        <p className="truncate">
          <span className="text-soft">{t('page.owner')}</span> <Written className="font-medium">{owner.name}</Written>
        </p>
        <Link
          to={{ pathname: '/', search: searchOf({ owner: owner.id }) }}
          className="inline-flex min-h-6 items-center text-accent underline-offset-4 hover:underline"
        >
          {t('page.ownerBooks', { name: owner.name })}
        </Link>
      </div>
    </div>
  )
}
