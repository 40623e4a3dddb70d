import { BookPlus, Lock, SearchX } from 'lucide'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'react-router'
import { loginPath } from '@/api/Require'
import { Button, LinkButton } from '@/ui/Button'
import { EmptyState, Notice } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { filtersIn, searchOf, type Filters } from './filters'

export function NothingFound({ filters }: { filters: Filters }) {
  const { t } = useTranslation('catalogue')
  const { q, sort } = filters
  const narrowed = filtersIn(filters).length > 0
  if (!q && !narrowed) {
    return (
      <EmptyState
        icon={<Icon of={BookPlus} className="size-6" />}
        title={t('empty.first.title')}
        action={<LinkButton to="/shelf/add">{t('empty.first.action')}</LinkButton>}
      >
        {t('empty.first.text')}
      </EmptyState>
    )
  }
  return (
    <EmptyState
      icon={<Icon of={SearchX} className="size-6" />}
      title={q ? t('empty.titleOfSearch', { q }) : t('empty.title')}
      action={
        <>
          {narrowed && <LinkButton to={{ search: searchOf({ q, sort }) }}>{t('empty.clear')}</LinkButton>}
          {q && (
            <LinkButton to="/" variant={narrowed ? 'secondary' : 'primary'}>
              {t('empty.everything')}
            </LinkButton>
          )}
        </>
      }
    >
      <div className="flex flex-col gap-2">
        <p>{t(q ? 'empty.fewerWords' : 'empty.fewerFilters')}</p>
        {q && <p>{t('empty.ask')}</p>}
      </div>
    </EmptyState>
  )
}

/** Some communities show their books to members only. */
export function MembersOnly() {
  const { t } = useTranslation('catalogue')
  const { t: common } = useTranslation()
  const { pathname, search } = useLocation()
  return (
    <EmptyState
      icon={<Icon of={Lock} className="size-6" />}
      title={t('closed.title')}
      action={
        <>
          <LinkButton to={loginPath(pathname + search)}>{common('session.logIn')}</LinkButton>
          <LinkButton to="/register" variant="secondary">
            {t('closed.join')}
          </LinkButton>
        </>
      }
    >
      {t('closed.text')}
    </EmptyState>
  )
}

/** The list goes on, but its next part did not come. */
export function MoreFailed({ onRetry }: { onRetry: () => void }) {
  const { t } = useTranslation('catalogue')
  const { t: common } = useTranslation()
  return (
    <div role="alert" className="mt-8">
      <Notice tone="late">
        <div className="flex flex-wrap items-center justify-between gap-3">
          {t('browse.moreFailed')}
          <Button variant="secondary" size="small" onClick={onRetry}>
            {common('problem.retry')}
          </Button>
        </div>
      </Notice>
    </div>
  )
}
