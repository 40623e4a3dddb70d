import { useTranslation } from 'react-i18next'
import { ErrorState } from '@/api/ErrorState'
import { useFormats } from '@/i18n/format'
import { Loading, Skeleton } from '@/ui/Feedback'
import { Quote } from '@/ui/Quote'
import { wordsOf, worthTelling, type Happening } from './happening'
import { HappeningText } from './HappeningText'
import { useTimeline } from './queries'

/** Everything that happened to a loan, newest first: what is new stands where one looks. */
export function Timeline({ loanId, borrowerId }: { loanId: string; borrowerId: string }) {
  const { t } = useTranslation('loans')
  const { data, error, refetch } = useTimeline(loanId)
  return (
    <section aria-labelledby="timeline">
      <h2 id="timeline" className="mb-4 text-heading">
        {t('timeline.title')}
      </h2>
      {data ? (
        <ol className="flex flex-col">
          {worthTelling(data)
            .toReversed()
            .map((happening) => (
              <Entry key={`${happening.type} ${happening.at}`} happening={happening} borrowerId={borrowerId} />
            ))}
        </ol>
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <Loading className="flex flex-col gap-5">
          {[1, 2, 3].map((row) => (
            <Skeleton key={row} className="h-12" />
          ))}
        </Loading>
      )}
    </section>
  )
}

function Entry({ happening, borrowerId }: { happening: Happening; borrowerId: string }) {
  const format = useFormats()
  const words = wordsOf(happening)
  return (
    <li className="group relative pb-6 pl-7 last:pb-0">
      <span aria-hidden className="absolute top-2 left-0.5 size-2.5 rounded-full bg-control group-first:bg-ink" />
      <span aria-hidden className="absolute top-5 bottom-0 left-1.5 w-px bg-line group-last:hidden" />
      <p className="text-pretty">
        <HappeningText happening={happening} borrowerId={borrowerId} />
      </p>
      {words && <Quote>{words}</Quote>}
      <time dateTime={happening.at} className="text-sm text-soft">
        {format.moment(happening.at)}
      </time>
    </li>
  )
}
