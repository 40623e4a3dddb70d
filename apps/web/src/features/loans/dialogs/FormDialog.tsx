import type { ReactNode } from 'react'
import type { FieldValues, UseFormReturn } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { Button } from '@/ui/Button'
import { Actions, Dialog } from '@/ui/Dialog'
import { Form } from '@/ui/form/Form'

/** A dialog around a form, with the button that says what will be done. */
export function FormDialog<Values extends FieldValues, Result>({
  open,
  close,
  finalFocus,
  title,
  description,
  form,
  submit,
  pending,
  danger = false,
  onSubmit,
  children,
}: {
  open: boolean
  close: () => void
  finalFocus: () => HTMLElement | null
  title: string
  description?: ReactNode
  form: UseFormReturn<Values, unknown, Result>
  submit: string
  pending: boolean
  danger?: boolean
  onSubmit: (values: Result) => void
  children: ReactNode
}) {
  const { t } = useTranslation()
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => !next && close()}
      title={title}
      description={description}
      finalFocus={finalFocus}
    >
      <Form form={form} onSubmit={onSubmit}>
        {children}
        <Actions>
          <Button type="submit" pending={pending} variant={danger ? 'danger' : 'primary'}>
            {submit}
          </Button>
          <Button variant="secondary" onClick={close}>
            {t('cancel')}
          </Button>
        </Actions>
      </Form>
    </Dialog>
  )
}
