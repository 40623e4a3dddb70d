import type { ReactNode } from 'react'
import { FormProvider, type FieldValues, type UseFormReturn } from 'react-hook-form'
import { TriangleAlert } from 'lucide'
import { Notice } from '../Feedback'
import { Icon } from '../Icon'

/** A form of react-hook-form: the fields inside find it by themselves, what was refused as a whole stands above them. */
export function Form<Values extends FieldValues, Result>({
  form,
  onSubmit,
  className = 'flex flex-col gap-5',
  children,
}: {
  form: UseFormReturn<Values, unknown, Result>
  onSubmit: (values: Result) => unknown
  className?: string
  children: ReactNode
}) {
  const refused = form.formState.errors.root?.message
  return (
    <FormProvider {...form}>
      <form
        noValidate
        className={className}
        onSubmit={(event) => void form.handleSubmit((values) => void onSubmit(values))(event)}
      >
        {refused && (
          <div role="alert">
            <Notice tone="late" icon={<Icon of={TriangleAlert} className="size-5" />}>
              {refused}
            </Notice>
          </div>
        )}
        {children}
      </form>
    </FormProvider>
  )
}
