import { Plus, X } from 'lucide'
import { useId, type ReactNode } from 'react'
import { useFieldArray, useFormContext } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { Button, IconButton } from '@/ui/Button'
import { Choice, NumberField, Select, TextArea, TextField } from '@/ui/form/fields'
import { ComboboxField, TagsField } from '@/ui/form/comboboxes'
import { Icon } from '@/ui/Icon'
import { conditions, lendings, type BookField, type BookValues } from './book-form'
import { useLanguageOptions } from './languages'
import { useUsedWords } from './queries'

/** One field of a book, as every form of it shows it. */
export function BookInput({ field }: { field: BookField }): ReactNode {
  const { t } = useTranslation('shelf')
  switch (field) {
    case 'title':
      return <TextField name="title" label={t('field.title')} maxLength={500} autoComplete="off" />
    case 'authors':
      return <Authors />
    case 'isbn':
      return (
        <TextField
          name="isbn"
          label={t('field.isbn')}
          optional
          inputMode="text"
          autoComplete="off"
          spellCheck={false}
        />
      )
    case 'publishedYear':
      return <NumberField name="publishedYear" label={t('field.publishedYear')} optional inputMode="text" />
    case 'language':
      return <LanguageField />
    case 'categories':
      return <CategoriesField />
    case 'description':
      return <TextArea name="description" label={t('field.description')} optional maxLength={5000} />
    case 'condition':
      return (
        <Select name="condition" label={t('field.condition')} optional>
          <option value="">{t('condition.unsaid')}</option>
          {conditions.map((condition) => (
            <option key={condition} value={condition}>
              {t(`condition.${condition}`)}
            </option>
          ))}
        </Select>
      )
    case 'lending':
      return (
        <Choice
          name="lending"
          label={t('field.lending')}
          options={lendings.map((lending) => ({
            value: lending,
            label: t(`lending.${lending}`),
            hint: t(`lending.hint.${lending}`),
          }))}
        />
      )
    case 'notes':
      return (
        <TextArea name="notes" label={t('field.notes')} hint={t('hint.notes')} optional rows={3} maxLength={1000} />
      )
  }
}

function LanguageField() {
  const { t } = useTranslation('shelf')
  const options = useLanguageOptions(useUsedWords().languages)
  return <ComboboxField name="language" label={t('field.language')} optional options={options} />
}

function CategoriesField() {
  const { t } = useTranslation('shelf')
  const { categories } = useUsedWords()
  return (
    <TagsField
      name="categories"
      label={t('field.categories')}
      hint={t('hint.categories')}
      optional
      suggestions={categories}
      maxLength={60}
    />
  )
}

function Authors() {
  const { t } = useTranslation('shelf')
  const id = useId()
  const { control, register, formState } = useFormContext<BookValues>()
  const { fields, append, remove } = useFieldArray({ control, name: 'authors' })
  const { authors: wrong } = formState.errors
  const whole = wrong?.root?.message ?? wrong?.message
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1.5 font-medium">{t('field.authors', { count: fields.length })}</legend>
      {fields.map((field, place) => {
        const error = wrong?.[place]?.name?.message
        const errorId = `${id}-${place}-error`
        return (
          <div key={field.id}>
            <div className="flex gap-1">
              <input
                className="control min-w-0 flex-1"
                type="text"
                autoComplete="off"
                maxLength={200}
                aria-label={t('authors.nth', { place: place + 1 })}
                aria-invalid={error ? true : undefined}
                aria-describedby={error ? errorId : undefined}
                {...register(`authors.${place}.name`)}
              />
              {fields.length > 1 && (
                <IconButton label={t('authors.remove', { place: place + 1 })} onClick={() => remove(place)}>
                  <Icon of={X} className="size-5 text-soft" />
                </IconButton>
              )}
            </div>
            {error && (
              <p id={errorId} className="mt-1.5 text-sm text-late">
                {error}
              </p>
            )}
          </div>
        )
      })}
      {whole && <p className="text-sm text-late">{whole}</p>}
      {fields.length < 50 && (
        <Button
          variant="quiet"
          size="small"
          className="-ml-3 self-start"
          icon={<Icon of={Plus} className="size-4" />}
          onClick={() => append({ name: '' })}
        >
          {t('authors.add')}
        </Button>
      )}
    </fieldset>
  )
}

/** The whole description: of the edition, then of one's own copy. */
export function BookFields() {
  const { t } = useTranslation('shelf')
  return (
    <>
      <Part title={t('part.book')}>
        <BookInput field="title" />
        <BookInput field="authors" />
        <div className="grid gap-5 sm:grid-cols-2">
          <BookInput field="publishedYear" />
          <BookInput field="language" />
        </div>
        <BookInput field="categories" />
        <BookInput field="description" />
        <BookInput field="isbn" />
      </Part>
      <Part title={t('part.copy')}>
        <BookInput field="lending" />
        <BookInput field="condition" />
        <BookInput field="notes" />
      </Part>
    </>
  )
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="flex flex-col gap-5 rounded-lg border border-line bg-card p-4 sm:p-6">
      <h2 className="text-heading">{title}</h2>
      {children}
    </section>
  )
}
