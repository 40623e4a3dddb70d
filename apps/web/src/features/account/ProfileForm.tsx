import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { useMemo } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import * as z from 'zod/mini'
import { useFormProblem } from '@/api/form-errors'
import { formats } from '@/i18n/format'
import { languages, spokenLanguage } from '@/i18n/i18n'
import { Button } from '@/ui/Button'
import { ComboboxField } from '@/ui/form/comboboxes'
import { Checkbox, Select, TextArea, TextField } from '@/ui/form/fields'
import { Form } from '@/ui/form/Form'
import { useSaveProfile } from './commands'
import { describedAs, timeZoneHere, timeZones } from './profile'
import type { Me } from './queries'
import { accountRules } from './rules'

function valuesOf(me: Me) {
  return {
    name: me.name,
    location: me.location ?? '',
    bio: me.bio ?? '',
    showLocation: me.showLocation ?? false,
    showBio: me.showBio ?? false,
    language: spokenLanguage(me.language) ?? me.language,
    timeZone: me.timeZone,
  }
}

export function ProfileForm({ me }: { me: Me }) {
  const { t } = useTranslation('account')
  const schema = useMemo(
    () =>
      z.object({
        name: accountRules(t).name,
        location: z.string().check(z.trim(), z.maxLength(100, t('rules.location'))),
        bio: z.string().check(z.trim(), z.maxLength(1000, t('rules.bio'))),
        showLocation: z.boolean(),
        showBio: z.boolean(),
        language: z.string(),
        timeZone: z.string().check(z.minLength(1, t('rules.timeZone'))),
      }),
    [t],
  )
  const form = useForm({
    resolver: standardSchemaResolver(schema),
    values: valuesOf(me),
    // When somebody was faster, what was typed here stays beside what they wrote elsewhere.
    resetOptions: { keepDirtyValues: true },
  })
  const save = useSaveProfile({
    said: t('profile.saved'),
    onDone: () => form.reset(form.getValues()),
    onProblem: useFormProblem(form),
  })
  const zones = useMemo(() => timeZones([me.timeZone, timeZoneHere()]), [me.timeZone])

  return (
    <Form
      form={form}
      onSubmit={({ name, location, bio, showLocation, showBio, language, timeZone }) => {
        // Who has chosen `fr-CA` elsewhere keeps it as long as they stay with French.
        const kept = spokenLanguage(me.language) === language ? me.language : language
        const described = { name, location: location || null, bio: bio || null, language: kept, timeZone }
        save.run({ ...describedAs(me), ...described, showLocation, showBio, version: me.version })
      }}
    >
      <TextField
        name="name"
        label={t('register.name')}
        hint={t('register.nameHint')}
        autoComplete="name"
        maxLength={100}
      />
      <TextField
        name="location"
        label={t('profile.location')}
        hint={t('profile.locationHint')}
        autoComplete="off"
        maxLength={100}
        optional
      />
      <Checkbox name="showLocation" label={t('profile.showLocation')} />
      <TextArea name="bio" label={t('profile.bio')} hint={t('profile.bioHint')} maxLength={1000} optional />
      <Checkbox name="showBio" label={t('profile.showBio')} hint={t('profile.shownHint')} />
      <Select name="language" label={t('profile.language')}>
        {languages.map((code) => (
          <option key={code} value={code} lang={code}>
            {ownNameOf(code)}
          </option>
        ))}
        {!spokenLanguage(me.language) && <option value={me.language}>{ownNameOf(me.language)}</option>}
      </Select>
      <ComboboxField name="timeZone" label={t('profile.timeZone')} options={zones} />
      <Button type="submit" pending={save.pending} className="sm:self-start">
        {t('profile.save')}
      </Button>
    </Form>
  )
}

/** Everybody finds their language by its own name. */
function ownNameOf(code: string): string {
  const name = formats(code).languageName(code)
  return name.charAt(0).toLocaleUpperCase(code) + name.slice(1)
}
