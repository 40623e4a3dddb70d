import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { BookOpen, PencilLine, Search } from 'lucide'
import { useMemo, useState } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import * as z from 'zod/mini'
import { ErrorState } from '@/api/ErrorState'
import { useUserId } from '@/api/useSession'
import { useFormats } from '@/i18n/format'
import { Button } from '@/ui/Button'
import { Cover } from '@/ui/Cover'
import { Loading, Notice, Skeleton } from '@/ui/Feedback'
import { TextField } from '@/ui/form/fields'
import { Form } from '@/ui/form/Form'
import { Icon } from '@/ui/Icon'
import { Card } from '@/ui/Layout'
import { Written, WrittenList } from '@/ui/Written'
import { editionOf, emptyBook, type Book, type BookValues } from './book-form'
import { useDraftPlace } from './draft'
import { readIsbn } from './isbn'
import { useCopies } from './queries'

/** The first step: a number, by which somebody here may have described the book already, or none. */
export function FindByIsbn() {
  const { t } = useTranslation('shelf')
  const navigate = useNavigate()
  const place = useDraftPlace()
  const [draft, setDraft] = useState(place.read)
  const [isbn, setIsbn] = useState<string>()
  const schema = useMemo(
    () =>
      z.object({
        isbn: z.string().check(
          z.check((context) => {
            const read = readIsbn(context.value)
            if ('isbn' in read) return
            const message = t(context.value.trim() ? `isbn.fault.${read.fault}` : 'isbn.missing')
            context.issues.push({ code: 'custom', input: context.value, message })
          }),
        ),
      }),
    [t],
  )
  const form = useForm({ resolver: standardSchemaResolver(schema), defaultValues: { isbn: '' } })

  function describe(values: Partial<BookValues>) {
    place.write({ values: { ...emptyBook, ...values } })
    void navigate('?step=details')
  }

  return (
    <div className="flex flex-col gap-6">
      {draft && (
        <Notice tone="plain" icon={<Icon of={PencilLine} className="size-5" />}>
          <p>{draft.values.title ? t('draft.titled', { title: draft.values.title }) : t('draft.untitled')}</p>
          <div className="mt-2 -ml-3 flex flex-wrap gap-1">
            <Button variant="quiet" size="small" onClick={() => void navigate('?step=details')}>
              {t('draft.continue')}
            </Button>
            <Button
              variant="quiet"
              size="small"
              onClick={() => {
                place.forget()
                setDraft(undefined)
              }}
            >
              {t('draft.discard')}
            </Button>
          </div>
        </Notice>
      )}
      <Card>
        <Form
          form={form}
          onSubmit={({ isbn }) => {
            const read = readIsbn(isbn)
            if ('isbn' in read) setIsbn(read.isbn)
          }}
        >
          <TextField
            name="isbn"
            label={t('field.isbn')}
            hint={t('isbn.hint')}
            autoComplete="off"
            spellCheck={false}
            placeholder={t('isbn.example')}
          />
          <Button type="submit" icon={<Icon of={Search} className="size-5" />} className="sm:self-start">
            {t('isbn.find')}
          </Button>
        </Form>
      </Card>
      {isbn ? (
        <Copies key={isbn} isbn={isbn} onChoose={describe} />
      ) : (
        <Button variant="secondary" icon={<Icon of={PencilLine} className="size-5" />} onClick={() => describe({})}>
          {t('add.byHand')}
        </Button>
      )}
    </div>
  )
}

/** Different descriptions of one edition; the first of each. */
function distinct(books: readonly Book[]): Book[] {
  const seen = new Map<string, Book>()
  for (const book of books) {
    const description = JSON.stringify(editionOf(book))
    if (!seen.has(description)) seen.set(description, book)
  }
  return [...seen.values()].slice(0, 3)
}

function Copies({ isbn, onChoose }: { isbn: string; onChoose: (values: Partial<BookValues>) => void }) {
  const { t } = useTranslation('shelf')
  const me = useUserId()
  const { data: copies, error, refetch } = useCopies(isbn)

  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!copies)
    return (
      <Loading>
        <Skeleton className="h-36" />
      </Loading>
    )
  const mine = copies.some(({ owner }) => owner.id === me)
  return (
    <section aria-live="polite" className="flex flex-col gap-4">
      {mine && <Notice tone="due">{t('isbn.mine')}</Notice>}
      {copies.length === 0 ? (
        <Notice icon={<Icon of={BookOpen} className="size-5" />}>{t('isbn.unknown')}</Notice>
      ) : (
        <>
          <h2 className="text-heading">{t('isbn.known')}</h2>
          <ul className="flex flex-col gap-3">
            {distinct(copies).map((book) => (
              <li key={book.id}>
                <Known book={book} onTake={() => onChoose(editionOf(book))} />
              </li>
            ))}
          </ul>
        </>
      )}
      <Button variant={copies.length === 0 ? 'primary' : 'secondary'} onClick={() => onChoose({ isbn })}>
        {t(copies.length === 0 ? 'isbn.describe' : 'isbn.otherwise')}
      </Button>
    </section>
  )
}

function Known({ book, onTake }: { book: Book; onTake: () => void }) {
  const { t } = useTranslation('shelf')
  const format = useFormats()
  const facts = [book.publishedYear, book.language && format.languageName(book.language), ...book.categories]
  return (
    <Card className="flex gap-4">
      <div className="w-16 shrink-0 sm:w-20">
        <Cover title={book.title} authors={book.authors} url={book.coverUrl ?? null} eager />
      </div>
      <div className="flex min-w-0 flex-1 flex-col items-start gap-1">
        <Written as="h3" className="line-clamp-3 max-w-full text-lg leading-snug">
          {book.title}
        </Written>
        <WrittenList as="p" className="line-clamp-2 max-w-full text-soft" items={book.authors} />
        <p className="line-clamp-2 max-w-full text-sm wrap-anywhere text-soft">{facts.filter(Boolean).join(' · ')}</p>
        <Button className="mt-2" size="small" onClick={onTake}>
          {t('isbn.take')}
        </Button>
      </div>
    </Card>
  )
}
