import { ChevronRight, TriangleAlert } from 'lucide'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { ErrorState } from '@/api/ErrorState'
import { ApiProblem } from '@/api/problem'
import { useFormats } from '@/i18n/format'
import { Button } from '@/ui/Button'
import { Actions } from '@/ui/Dialog'
import { Loading, Notice, Skeleton } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { Card } from '@/ui/Layout'
import { useCancelImport, useStartReviewed } from './commands'
import { encodingName, isRecognised, useFormatName } from './import-format'
import type { Import } from './imports'
import { useKeptChoice } from './kept-choice'
import { useShelvesBy } from './queries'
import { missing, otherShelfColumns, ownedShelves, startBody, tally, withField, withShelf, type Review } from './review'
import { ReviewColumns } from './ReviewColumns'
import { ReviewShelves } from './ReviewShelves'

/** What was recognised of a file, before its rows come to the shelf: the member may know better. */
export function ReviewImport({ data, review }: { data: Import; review: Review }) {
  const { t } = useTranslation('shelf')
  const format = useFormats()
  const formatName = useFormatName()
  const navigate = useNavigate()
  const [choice, setChoice] = useKeptChoice(data.id, review)
  const [open, setOpen] = useState(() => !isRecognised(data.format) || missing(review, choice) !== undefined)
  const [wrong, setWrong] = useState<string>()
  const alert = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (wrong) alert.current?.focus()
  }, [wrong])

  const columns = otherShelfColumns(review, choice)
  const counted = useShelvesBy(data.id, columns)
  const shelves = columns ? (counted.data ?? []) : review.shelves
  const owned = ownedShelves(shelves, choice)

  const start = useStartReviewed(data.id, {
    onProblem(problem) {
      // What else it may refuse is told in its own words.
      const columns = problem instanceof ApiProblem && problem.details.some(({ field }) => field.startsWith('columns'))
      if (columns) complain(t('review.columnsWrong'))
      return columns
    },
  })
  const cancel = useCancelImport(data.id, { onDone: () => void navigate('/shelf/import', { replace: true }) })

  function complain(text: string) {
    setOpen(true)
    setWrong(text)
  }

  function begin() {
    const lacks = missing(review, choice)
    if (lacks) complain(t(`review.missing.${lacks}`))
    else start.run(startBody(review, choice, shelves))
  }

  const { comes, staysOut, exact } = tally(shelves, owned, data.total)
  const number = (count: number) => ({ count, number: format.number(count) })

  return (
    <Card className="flex flex-col gap-6">
      <div>
        <h2 className="text-heading">{t('review.readAs', { format: formatName(data.format) })}</h2>
        <p className="mt-1 text-soft">
          {[encodingName(data.encoding), t('review.rows', number(data.total))].filter(Boolean).join(' · ')}
        </p>
      </div>
      <details
        open={open}
        onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
        className="group flex flex-col gap-3"
      >
        <summary className="-ml-1 inline-flex min-h-11 w-fit cursor-pointer items-center gap-1 font-medium">
          <Icon of={ChevronRight} className="size-5 shrink-0 transition-transform group-open:rotate-90" />
          {t(isRecognised(data.format) ? 'review.changeColumns' : 'review.columns')}
        </summary>
        <p className="mb-3 max-w-prose text-soft">{t('review.columnsHint')}</p>
        <ReviewColumns
          review={review}
          choice={choice}
          onField={(index, field) => {
            setChoice(withField(review, choice, index, field))
            setWrong(undefined)
          }}
        />
      </details>
      {shelves.length > 0 && (
        <ReviewShelves
          shelves={shelves}
          owned={owned}
          onShelf={(name, owned) => setChoice(withShelf(choice, name, owned))}
        />
      )}
      {counted.isLoading && (
        <Loading>
          <Skeleton className="h-32" />
        </Loading>
      )}
      {counted.error && <ErrorState error={counted.error} onRetry={() => void counted.refetch()} />}
      <div role="status">
        {!counted.isLoading && !counted.error && (
          <>
            <p className="font-medium">{t(exact ? 'review.comes' : 'review.comesAtLeast', number(comes))}</p>
            {staysOut > 0 && (
              <p className="text-soft">{t(exact ? 'review.staysOut' : 'review.staysOutAtMost', number(staysOut))}</p>
            )}
          </>
        )}
        <p className="text-soft">{t('review.noneTwice')}</p>
      </div>
      {wrong && (
        <div ref={alert} role="alert" tabIndex={-1}>
          <Notice tone="late" icon={<Icon of={TriangleAlert} className="size-5" />}>
            {wrong}
          </Notice>
        </div>
      )}
      <Actions>
        <Button pending={start.pending} onClick={begin}>
          {t('review.start')}
        </Button>
        <Button variant="secondary" pending={cancel.pending} onClick={() => cancel.run()}>
          {t('review.cancel')}
        </Button>
      </Actions>
    </Card>
  )
}
