import { MailWarning } from 'lucide'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { ErrorState } from '@/api/ErrorState'
import { useFormProblem } from '@/api/form-errors'
import { Button } from '@/ui/Button'
import { Loading, Notice, Skeleton } from '@/ui/Feedback'
import { Checkbox, Select } from '@/ui/form/fields'
import { Form } from '@/ui/form/Form'
import { Icon } from '@/ui/Icon'
import { Card, PageHeader } from '@/ui/Layout'
import { useSavePreferences } from './commands'
import { useMe, usePreferences, type Preferences } from './queries'

const paces = ['off', 'at_once', 'daily', 'weekly'] as const

/** Which notifications reach a member, and how. */
export default function NotificationsPage() {
  const { t } = useTranslation('account')
  const { data: preferences, error, refetch } = usePreferences()
  const { data: me } = useMe()
  return (
    <div className="max-w-3xl">
      <PageHeader title={t('letters.title')} lead={t('letters.lead')} />
      {me?.verified === false && (
        <div className="mb-6">
          <Notice tone="due" icon={<Icon of={MailWarning} className="size-5" />}>
            <p>{t('letters.unverified')}</p>
            <Link to="/account/profile" className="mt-1 inline-block underline underline-offset-4">
              {t('profile.title')}
            </Link>
          </Notice>
        </div>
      )}
      {preferences ? (
        <Card>
          <PreferencesForm preferences={preferences} />
        </Card>
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <Loading>
          <Skeleton className="h-200 rounded-lg" />
        </Loading>
      )}
    </div>
  )
}

function valuesOf({ topics }: Preferences) {
  return {
    mail: Object.fromEntries(topics.map(({ topic, mail }) => [topic, mail])),
    inApp: Object.fromEntries(topics.map(({ topic, inApp }) => [topic, inApp])),
  }
}

function PreferencesForm({ preferences }: { preferences: Preferences }) {
  const { t } = useTranslation('account')
  const form = useForm({ values: valuesOf(preferences), resetOptions: { keepDirtyValues: true } })
  const save = useSavePreferences({
    said: t('letters.saved'),
    onDone: () => form.reset(form.getValues()),
    onProblem: useFormProblem(form),
  })
  const { topics, version } = preferences
  return (
    <Form
      form={form}
      onSubmit={({ mail, inApp }) =>
        save.run({
          version,
          topics: topics.map((one) => ({
            topic: one.topic,
            inApp: inApp[one.topic] ?? one.inApp,
            mail: mail[one.topic] ?? one.mail,
          })),
        })
      }
    >
      <div className="grid gap-x-6 gap-y-5 sm:grid-cols-2">
        {topics.map(({ topic, inAppFixed }) => (
          <div key={topic} className="flex flex-col gap-1">
            <Select name={`mail.${topic}`} label={t(`letters.topics.${topic}`)}>
              {paces.map((pace) => (
                <option key={pace} value={pace}>
                  {t(`letters.paces.${pace}`)}
                </option>
              ))}
            </Select>
            {!inAppFixed && (
              <Checkbox
                name={`inApp.${topic}`}
                label={t('letters.inApp')}
                aria-label={t('letters.inAppOf', { topic: t(`letters.topics.${topic}`) })}
              />
            )}
          </div>
        ))}
      </div>
      <p className="text-sm text-soft">{t('letters.fixed')}</p>
      <Button type="submit" pending={save.pending} className="sm:self-start">
        {t('profile.save')}
      </Button>
    </Form>
  )
}
