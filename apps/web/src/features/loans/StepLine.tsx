import { Check, X } from 'lucide'
import { useTranslation } from 'react-i18next'
import { useFormats } from '@/i18n/format'
import { classes } from '@/ui/classes'
import { Icon } from '@/ui/Icon'
import { stepsOf, type Loan, type Step } from './loan'

const dots: Record<Step['state'], string> = {
  done: 'border-free bg-free text-card',
  now: 'border-ink bg-card',
  ahead: 'border-line bg-card',
  ended: 'border-late bg-late text-card',
}

/** Where a loan stands on its way from being asked for to being back. */
export function StepLine({ loan, gives }: { loan: Loan; gives: boolean }) {
  const { t } = useTranslation('loans')
  const format = useFormats()
  const steps = stepsOf(loan, gives)
  return (
    <ol aria-label={t('steps.label')} className="grid auto-cols-fr grid-flow-col grid-rows-[auto_auto_auto]">
      {steps.map(({ name, state, at }, index) => (
        <li
          key={name}
          aria-current={state === 'now' ? 'step' : undefined}
          className="relative row-span-3 grid grid-rows-subgrid justify-items-center gap-1 px-0.5 text-center"
        >
          {index > 0 && (
            <span
              aria-hidden
              className={classes(
                'absolute top-3 right-1/2 h-0.5 w-full',
                state === 'done' ? 'bg-free' : state === 'ended' ? 'bg-late' : 'bg-line',
              )}
            />
          )}
          <span
            aria-hidden
            className={classes(
              'relative z-1 flex size-6 items-center justify-center rounded-full border-2',
              dots[state],
            )}
          >
            {state === 'done' && <Icon of={Check} className="size-4" strokeWidth={3} />}
            {state === 'ended' && <Icon of={X} className="size-4" strokeWidth={3} />}
            {state === 'now' && <span className="size-2 rounded-full bg-ink" />}
          </span>
          <span className={classes('text-sm leading-tight', state === 'ahead' ? 'text-soft' : 'font-medium')}>
            {t(`steps.${name === 'handedOver' && gives ? 'given' : name}`)}
            <span className="sr-only">{(state === 'done' || state === 'ended') && ` ${t(`steps.${state}`)}`}</span>
          </span>
          {at && (
            <time dateTime={at} className="text-sm text-soft">
              {format.shortDay(at)}
            </time>
          )}
        </li>
      ))}
    </ol>
  )
}
