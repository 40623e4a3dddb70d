import { LockKeyhole } from 'lucide'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { searchOf } from '@/features/catalogue'
import { useFormats } from '@/i18n/format'
import { Notice } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { Written } from '@/ui/Written'
import type { Book } from './queries'

const conditions = ['new', 'like_new', 'good', 'fair', 'poor'] as const

export function BookFacts({ book, own }: { book: Book; own: boolean }) {
  const { t } = useTranslation('book')
  const format = useFormats()
  const condition = conditions.find((name) => name === book.condition)
  const isbn = book.isbn13 ?? book.isbn10
  return (
    <>
      {book.description && (
        <section>
          <h2 className="mb-2 text-heading">{t('page.about')}</h2>
          <Paragraphs text={book.description} />
        </section>
      )}
      {book.notes && (
        <Notice icon={<Icon of={LockKeyhole} className="size-5" />}>
          <h2 className="font-sans font-medium text-ink">{t('page.notes')}</h2>
          <Written as="p" className="whitespace-pre-line text-ink">
            {book.notes}
          </Written>
          <p className="mt-1 text-sm">{t('page.notesHint')}</p>
        </Notice>
      )}
      <section>
        <h2 className="mb-3 text-heading">{t('page.facts')}</h2>
        <dl className="grid grid-cols-[minmax(6rem,auto)_minmax(0,1fr)] gap-x-6 gap-y-2.5">
          {book.publishedYear != null && <Fact name={t('page.year')}>{yearText(book.publishedYear, t)}</Fact>}
          {book.language && (
            <Fact name={t('page.language')}>
              <span className="inline-block first-letter:uppercase">{format.languageName(book.language)}</span>
            </Fact>
          )}
          {condition && <Fact name={t('page.condition')}>{t(`page.conditions.${condition}`)}</Fact>}
          {isbn && <Fact name={t('page.isbn')}>{isbn}</Fact>}
          {book.categories.length > 0 && (
            <Fact name={t('page.categories')}>
              <Categories names={book.categories} />
            </Fact>
          )}
          {own && <Fact name={t('page.listed')}>{format.day(book.createdAt)}</Fact>}
        </dl>
      </section>
    </>
  )
}

function yearText(year: number, t: ReturnType<typeof useTranslation<'book'>>['t']): string {
  return year < 0 ? t('page.yearBefore', { year: -year }) : String(year)
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-soft">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  )
}

function Categories({ names }: { names: readonly string[] }) {
  return (
    <ul className="-my-1 flex flex-wrap gap-2">
      {names.map((name) => (
        <li key={name} className="max-w-full">
          <Link
            to={{ pathname: '/', search: searchOf({ category: name }) }}
            className="inline-flex min-h-8 max-w-full items-center rounded-full border border-line bg-card px-3 text-sm hover:border-control hover:bg-sunken pointer-coarse:min-h-11"
          >
            <Written as="span" className="truncate">
              {name}
            </Written>
          </Link>
        </li>
      ))}
    </ul>
  )
}

function Paragraphs({ text }: { text: string }) {
  const paragraphs = text.split(/\n\s*\n/)
  return (
    <div className="flex max-w-prose flex-col gap-3">
      {paragraphs.map((paragraph, place) => (
        <Written as="p" key={place} className="whitespace-pre-line">
          {paragraph}
        </Written>
      ))}
    </div>
  )
}
