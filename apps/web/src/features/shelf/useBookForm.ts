import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { useMemo } from 'react'
import { useForm, type UseFormReturn } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { bookRules, type BookValues } from './book-form'

/** A form of a book. It is judged when it is sent, then as it is mended. */
export function useBookForm(defaultValues: BookValues): UseFormReturn<BookValues> {
  const { t } = useTranslation('shelf')
  const schema = useMemo(() => bookRules(t), [t])
  return useForm<BookValues>({ resolver: standardSchemaResolver(schema), defaultValues })
}
