import { useTranslation } from 'react-i18next'
import { useFormats } from '@/i18n/format'
import { isolated } from '@/i18n/isolate'
import type { BookField, BookValues } from './book-form'

/** What stands in a field, in the reader's words. */
export function useFieldText(): (field: BookField, values: BookValues) => string {
  const { t } = useTranslation('shelf')
  const format = useFormats()
  return (field, values) => {
    switch (field) {
      case 'authors':
        return format.list(values.authors.map(({ name }) => isolated(name.trim())).filter(Boolean))
      case 'categories':
        return values.categories.map(isolated).join(', ')
      case 'language':
        return values.language && format.languageName(values.language)
      case 'condition':
        return values.condition && t(`condition.${values.condition as 'good'}`)
      case 'lending':
        return t(`lending.${values.lending as 'lend'}`)
      default:
        return values[field].trim()
    }
  }
}
