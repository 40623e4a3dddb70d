import { useSyncExternalStore } from 'react'
import { MailWarning } from 'lucide'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { ErrorState } from '@/api/ErrorState'
import { useFormats } from '@/i18n/format'
import { Avatar } from '@/ui/Avatar'
import { Loading, Notice, Skeleton, StatusPill } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { Card, PageHeader } from '@/ui/Layout'
import { chooseTheme, theme, themes } from '@/ui/theme'
import { ProfileForm } from './ProfileForm'
import { useMe, type Me } from './queries'

export default function ProfilePage() {
  const { t } = useTranslation('account')
  const { data: me, error, refetch } = useMe()
  return (
    <div className="max-w-2xl">
      <PageHeader title={t('profile.title')} />
      {me ? (
        <div className="flex flex-col gap-6">
          <WhoIAm me={me} />
          <Card>
            <ProfileForm me={me} />
          </Card>
          <Card>
            <Appearance />
          </Card>
        </div>
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <Loading className="flex flex-col gap-6">
          <Skeleton className="h-14 w-72 max-w-full" />
          <Skeleton className="h-160" />
        </Loading>
      )}
    </div>
  )
}

function WhoIAm({ me }: { me: Me }) {
  const { t } = useTranslation('account')
  const format = useFormats()
  return (
    <section aria-label={t('profile.who')} className="flex flex-col gap-4">
      <div className="flex items-center gap-4">
        <Avatar name={me.name} url={me.avatarUrl ?? null} className="size-14 text-lg" />
        <div className="min-w-0">
          <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
            <span className="min-w-0 wrap-anywhere">{me.email}</span>
            {me.verified && <StatusPill tone="free">{t('profile.verified')}</StatusPill>}
          </p>
          <p className="mt-1 text-sm text-balance text-soft">
            {t('profile.since', { day: format.day(me.memberSince) })}
          </p>
        </div>
      </div>
      {!me.verified && (
        <Notice tone="due" icon={<Icon of={MailWarning} className="size-5" />}>
          <p className="font-medium">{t('profile.unverified')}</p>
          <p className="mt-1">
            {t('profile.unverifiedHint')}{' '}
            <Link to="/forgot-password" className="underline underline-offset-4">
              {t('profile.unverifiedAgain')}
            </Link>
          </p>
        </Notice>
      )}
    </section>
  )
}

/** Belongs to this device, not to the member: it holds at once and is not sent. */
function Appearance() {
  const { t } = useTranslation()
  const { t: words } = useTranslation('account')
  const chosen = useSyncExternalStore(theme.subscribe, theme.get)
  return (
    <fieldset>
      <legend className="font-serif text-heading font-semibold">{t('account.theme')}</legend>
      <p className="mb-4 text-sm text-soft">{words('profile.themeHint')}</p>
      <div className="grid gap-2 sm:grid-cols-3">
        {themes.map((name) => (
          <label
            key={name}
            className="flex min-h-11 cursor-pointer items-center gap-3 rounded-md border border-control bg-card px-4 py-2.5 has-checked:border-ink has-checked:bg-sunken"
          >
            <input
              type="radio"
              name="theme"
              value={name}
              checked={name === chosen}
              onChange={() => chooseTheme(name)}
              className="size-5 shrink-0 accent-ink"
            />
            {t(`theme.${name}`)}
          </label>
        ))}
      </div>
    </fieldset>
  )
}
