import { BookX, PencilLine, Trash2 } from 'lucide'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate, useParams, useSearchParams } from 'react-router'
import { ErrorState } from '@/api/ErrorState'
import { useFormProblem } from '@/api/form-errors'
import { isNotFound } from '@/api/problem'
import { useSession, useUserId } from '@/api/useSession'
import { Button, LinkButton } from '@/ui/Button'
import { Actions } from '@/ui/Dialog'
import { EmptyState, Loading, Notice, Skeleton } from '@/ui/Feedback'
import { Form } from '@/ui/form/Form'
import { Icon } from '@/ui/Icon'
import { PageHeader } from '@/ui/Layout'
import { bodyOf, valuesOf, type Book, type BookValues } from './book-form'
import { BookFields } from './BookFields'
import { BookChanged, useSkipRow, useUpdateBook } from './commands'
import { DeleteBookDialog } from './DeleteBookDialog'
import { useDraftPlace, useKeepDraft } from './draft'
import { changedMeanwhile } from './merge'
import { MergeDialog } from './MergeDialog'
import { NoteFaults } from './NoteFaults'
import { useBook, useImport } from './queries'
import { notedRows, valuesToMend, type NotedRow } from './row-notes'
import { useBookForm } from './useBookForm'

export default function EditBookPage() {
  const { t } = useTranslation('shelf')
  const { id = '' } = useParams()
  const me = useUserId()
  const { can, permissionsPending } = useSession()
  const { data: book, error, refetch } = useBook(id)
  const note = useNote(id)
  const pending = !book || (book.owner.id !== me && permissionsPending) || note.pending
  const mayEdit = book?.owner.id === me || can('moderate:book')
  return (
    <div className="mx-auto max-w-2xl">
      <PageHeader title={t('edit.title')} back={{ to: `/books/${id}`, label: t('edit.back') }} />
      {error && !book ? (
        isNotFound(error) ? (
          <EmptyState
            icon={<Icon of={BookX} className="size-6" />}
            title={t('edit.gone')}
            action={<LinkButton to="/shelf">{t('edit.toShelf')}</LinkButton>}
          />
        ) : (
          <ErrorState error={error} onRetry={() => void refetch()} />
        )
      ) : pending ? (
        <Loading className="flex flex-col gap-5">
          <Skeleton className="h-168" />
          <Skeleton className="h-96" />
        </Loading>
      ) : mayEdit ? (
        <EditBook key={book.id} book={book} noted={note.noted} importId={note.importId} />
      ) : (
        <EmptyState title={t('edit.notYours')} action={<LinkButton to={`/books/${id}`}>{t('added.see')}</LinkButton>}>
          {t('edit.notYoursText', { name: book.owner.name })}
        </EmptyState>
      )}
    </div>
  )
}

/** The row of an import that the book came of, when the member has come to mend what of it was not taken. */
function useNote(bookId: string): { importId: string; noted: NotedRow | undefined; pending: boolean } {
  const [search] = useSearchParams()
  const importId = search.get('import') ?? ''
  const { data, isLoading } = useImport(importId)
  const row = Number(search.get('row'))
  const noted = data && notedRows(data.notes).find((noted) => noted.row === row && noted.bookId === bookId)
  return { importId, noted, pending: isLoading }
}

/** How the book was when it was opened here. */
/** What is noted of a row stands in its field, also over a draft, unless the draft says something else there. */
function startValues(
  before: BookValues,
  draft: BookValues | undefined,
  mending: { values: BookValues; wrong: readonly (keyof BookValues)[] } | undefined,
): BookValues {
  if (!draft || !mending) return draft ?? mending?.values ?? before
  const untouched = mending.wrong.filter((field) => JSON.stringify(draft[field]) === JSON.stringify(before[field]))
  return { ...draft, ...Object.fromEntries(untouched.map((field) => [field, mending.values[field]])) }
}

interface Opened {
  values: BookValues
  version: number
}

function EditBook({ book, noted, importId }: { book: Book; noted: NotedRow | undefined; importId: string }) {
  const { t } = useTranslation('shelf')
  const navigate = useNavigate()
  const place = useDraftPlace(book.id)
  const [draft] = useState(place.read)
  const [restored, setRestored] = useState(draft !== undefined)
  const [before, setBefore] = useState<Opened>(() => draft?.before ?? { values: valuesOf(book), version: book.version })
  const [now, setNow] = useState<Book>()
  const [deleting, setDeleting] = useState(false)
  // As it was opened: once the row is dealt with it is noted no more.
  const [mending] = useState(() => noted && { noted, ...valuesToMend(book, noted) })
  const form = useBookForm(startValues(before.values, draft?.values, mending))
  const { trigger } = form
  useEffect(() => {
    if (mending && mending.wrong.length > 0) void trigger(mending.wrong, { shouldFocus: true })
  }, [trigger, mending])
  const rowDone = useSkipRow(importId)
  useKeepDraft(form, place, before)
  const showProblem = useFormProblem(form)

  const update = useUpdateBook(
    book.id,
    (now) => changedMeanwhile(before.values, form.getValues(), valuesOf(now)).length === 0,
    {
      said: t('edit.said'),
      onDone() {
        place.forget()
        if (mending) rowDone.run({ row: mending.noted.row })
        void navigate(mending ? `/shelf/import/${importId}` : `/books/${book.id}`)
      },
      onProblem(problem) {
        if (!(problem instanceof BookChanged)) return showProblem(problem)
        setNow(problem.now)
        return true
      },
    },
  )

  function startOver() {
    const opened = { values: valuesOf(book), version: book.version }
    setBefore(opened)
    form.reset(opened.values)
    place.forget()
    setRestored(false)
  }

  function merge(values: BookValues, now: Book) {
    setNow(undefined)
    setBefore({ values: valuesOf(now), version: now.version })
    form.reset(values)
    update.run({ body: bodyOf(values), version: now.version })
  }

  return (
    <>
      {restored && (
        <div className="mb-5">
          <Notice tone="plain" icon={<Icon of={PencilLine} className="size-5" />}>
            <p>{t('draft.restored')}</p>
            <Button variant="quiet" size="small" className="mt-2 -ml-3" onClick={startOver}>
              {t('draft.startOver')}
            </Button>
          </Notice>
        </div>
      )}
      {mending && (
        <div className="mb-5">
          <Notice tone="due">
            <p className="mb-2 font-medium">{t('notes.mend', { row: mending.noted.row })}</p>
            <NoteFaults noted={mending.noted} />
          </Notice>
        </div>
      )}
      <Form form={form} onSubmit={(values) => update.run({ body: bodyOf(values), version: before.version })}>
        <BookFields />
        <div className="flex flex-col-reverse gap-3 sm:flex-row sm:items-end sm:justify-between">
          <Button variant="danger" icon={<Icon of={Trash2} className="size-4" />} onClick={() => setDeleting(true)}>
            {t('delete.open')}
          </Button>
          <Actions>
            <Button type="submit" pending={update.pending}>
              {t('edit.submit')}
            </Button>
            <LinkButton variant="secondary" to={`/books/${book.id}`} onClick={place.forget}>
              {t('edit.cancel')}
            </LinkButton>
          </Actions>
        </div>
      </Form>
      {now && (
        <MergeDialog
          before={before.values}
          mine={form.getValues()}
          now={valuesOf(now)}
          onCancel={() => setNow(undefined)}
          onMerge={(values) => merge(values, now)}
        />
      )}
      <DeleteBookDialog
        book={book}
        open={deleting}
        onOpenChange={setDeleting}
        onDeleted={() => {
          place.forget()
          void navigate('/shelf', { replace: true })
        }}
      />
    </>
  )
}
