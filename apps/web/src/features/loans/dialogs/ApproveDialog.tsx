import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { useMemo, useState } from 'react'
import { useForm, useWatch } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import * as z from 'zod/mini'
import { useFormProblem } from '@/api/form-errors'
import { Checkbox, TextArea, TextField } from '@/ui/form/fields'
import { useLoanAction } from '../actions'
import { useOpenLoans } from '../queries'
import type { ActionDialogProps } from './action-dialog'
import { FormDialog } from './FormDialog'
import { localMoment } from './local-moment'

const USUAL_DAYS = 7
const USUAL_HOUR = 20

export function ApproveDialog({ dialog, loan, gives, moved }: ActionDialogProps) {
  const { t } = useTranslation('loans')
  const { data: loans = [] } = useOpenLoans()
  const usualPlace = loans.find(({ owner, place }) => owner.id === loan.owner.id && place)?.place ?? ''
  const schema = useMemo(
    () =>
      z
        .object({
          pickupBy: z.string().check(
            z.minLength(1, t('approve.dateMissing')),
            z.refine((value) => new Date(value) > new Date(), t('approve.datePast')),
          ),
          place: z.string().check(z.trim()),
          placeOpen: z.boolean(),
        })
        // Only while it is asked for: what is not seen cannot be put right.
        .check(
          z.refine(({ place, placeOpen }) => placeOpen || place !== '', {
            path: ['place'],
            error: t('approve.placeMissing'),
          }),
          z.refine(({ place, placeOpen }) => placeOpen || place.length <= 1000, {
            path: ['place'],
            error: t('tooLong'),
          }),
        ),
    [t],
  )
  const [{ now, usual }] = useState(() => ({ now: localMoment(new Date()), usual: localMoment(inDays(USUAL_DAYS)) }))
  const form = useForm({
    resolver: standardSchemaResolver(schema),
    defaultValues: { pickupBy: usual, place: usualPlace, placeOpen: false },
  })
  const placeOpen = useWatch({ control: form.control, name: 'placeOpen' })
  const approve = useLoanAction(loan, 'approve', { moved, onProblem: useFormProblem(form) })
  return (
    <FormDialog
      {...dialog}
      title={t('approve.title', { borrower: loan.borrower.name })}
      description={t(gives ? 'approve.textGive' : 'approve.text', { days: t('days', { count: loan.days }) })}
      form={form}
      submit={t('approve.submit')}
      pending={approve.pending}
      onSubmit={({ pickupBy, place, placeOpen }) =>
        approve.run({ pickupBy: new Date(pickupBy).toISOString(), place: placeOpen ? null : place })
      }
    >
      <TextField name="pickupBy" type="datetime-local" label={t('approve.pickupBy')} min={now} />
      <div className="flex flex-col gap-1">
        {!placeOpen && <TextArea name="place" label={t('approve.place')} hint={t('approve.placeHint')} rows={2} />}
        <Checkbox name="placeOpen" label={t('approve.placeOpen')} />
      </div>
    </FormDialog>
  )
}

function inDays(days: number): Date {
  const moment = new Date()
  moment.setDate(moment.getDate() + days)
  moment.setHours(USUAL_HOUR, 0, 0, 0)
  return moment
}
