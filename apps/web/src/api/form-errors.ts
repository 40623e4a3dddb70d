import { useCallback } from 'react'
import type { FieldValues, Path, UseFormReturn } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { ApiProblem } from './problem'
import { useProblemText } from './useProblemText'

/**
 * Shows a refusal in a form: at the fields the host names, or at the field that a code speaks of (`{ EMAIL_TAKEN:
 * 'email' }`), else above the form. For `useCommand`'s `onProblem`.
 */
export function useFormProblem<Values extends FieldValues>(
  form: Pick<UseFormReturn<Values>, 'getValues' | 'setError'>,
  fieldOfCode: Record<string, Path<Values>> = {},
): (problem: unknown) => true {
  const { t } = useTranslation('errors')
  const problemText = useProblemText()
  const { getValues, setError } = form
  return useCallback(
    (problem) => {
      const named = problem instanceof ApiProblem ? fieldsNamed(problem, Object.keys(getValues())) : []
      for (const field of named)
        setError(field as Path<Values>, { message: t('FIELD') }, { shouldFocus: field === named[0] })
      if (named.length > 0) return true
      const field = problem instanceof ApiProblem ? fieldOfCode[problem.code] : undefined
      if (field) setError(field, { message: problemText(problem) }, { shouldFocus: true })
      else setError('root', { message: problemText(problem) })
      return true
    },
    [t, problemText, getValues, setError, fieldOfCode],
  )
}

/** `authors[0]` is part of the field `authors`. */
function fieldsNamed(problem: ApiProblem, fields: string[]): string[] {
  if (problem.code !== 'VALIDATION_ERROR') return []
  const roots = problem.details.map(({ field }) => field.split(/[.[]/)[0] ?? field)
  return fields.filter((field) => roots.includes(field))
}
