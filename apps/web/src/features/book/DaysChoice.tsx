import { useId } from 'react'
import { useFormContext } from 'react-hook-form'
import { useTranslation } from 'react-i18next'

const presets = [14, 21, 30]
export const OTHER = 'other'

/** For how long: the usual times in reach of the thumb, or another. */
export function DaysChoice() {
  const { t } = useTranslation('book')
  const { register } = useFormContext()
  const hint = useId()
  const options = [
    ...presets.map((count) => ({ value: String(count), label: t('ask.preset', { count }) })),
    { value: OTHER, label: t('ask.other') },
  ]
  return (
    <fieldset aria-describedby={hint}>
      <legend className="mb-2 font-medium">{t('ask.days')}</legend>
      <div className="grid grid-cols-2 gap-2 sm:grid-cols-[1fr_1fr_1fr_auto]">
        {options.map(({ value, label }) => (
          <label
            key={value}
            className="flex min-h-11 cursor-pointer items-center justify-center rounded-md border border-control bg-card px-3 text-center has-checked:border-ink has-checked:bg-sunken has-checked:font-medium has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-ink"
          >
            <input type="radio" value={value} className="sr-only" {...register('days')} />
            {label}
          </label>
        ))}
      </div>
      <p id={hint} className="mt-2 text-sm text-soft">
        {t('ask.daysHint')}
      </p>
    </fieldset>
  )
}
