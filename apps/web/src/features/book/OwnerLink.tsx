import { useTranslation } from 'react-i18next'
import { PersonLink } from '@/features/people'
import { Avatar } from '@/ui/Avatar'
import type { Book } from './queries'

export function OwnerLink({ owner }: { owner: Book['owner'] }) {
  const { t } = useTranslation('book')
  return (
    <div className="flex items-center gap-3">
      <Avatar name={owner.name} className="size-11" />
      <div className="min-w-0">
        <p className="-mb-2 text-sm text-soft">{t('page.owner')}</p>
        <PersonLink person={owner} tall className="font-medium" />
      </div>
    </div>
  )
}
