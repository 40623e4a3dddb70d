import type { TFunction } from 'i18next'
import * as z from 'zod/mini'
import type { components } from '@/api/schema'
import { readIsbn } from './isbn'

type Schemas = components['schemas']
export type Book = Schemas['BookView']
export type BookBody = Schemas['BookBody']

export const lendings = ['lend', 'give', 'off'] as const
export type Lending = (typeof lendings)[number]
export const conditions = ['new', 'like_new', 'good', 'fair', 'poor'] as const

const EARLIEST_YEAR = -5000
const MAX_AUTHORS = 50
const MAX_CATEGORIES = 20

/** A book as it stands in the form: texts as they were typed. */
export interface BookValues {
  title: string
  authors: Array<{ name: string }>
  isbn: string
  publishedYear: string
  language: string
  categories: string[]
  description: string
  condition: string
  notes: string
  lending: string
}
export type BookField = keyof BookValues

export const bookFields = [
  'title',
  'authors',
  'isbn',
  'publishedYear',
  'language',
  'categories',
  'description',
  'condition',
  'lending',
  'notes',
] as const satisfies readonly BookField[]

export const emptyBook: BookValues = {
  title: '',
  authors: [{ name: '' }],
  isbn: '',
  publishedYear: '',
  language: '',
  categories: [],
  description: '',
  condition: '',
  notes: '',
  lending: 'lend',
}

/** What the host asks of a book, with the words for what is wrong. */
export function bookRules(t: TFunction<'shelf'>, now = new Date()) {
  const latestYear = now.getFullYear() + 1
  const upTo = (count: number) => z.maxLength(count, t('rules.tooLong', { count }))
  const isOneOf = (values: readonly string[]) => (value: string) => values.includes(value)
  const isYear = (text: string) => {
    const year = Number(text)
    return year !== 0 && year >= EARLIEST_YEAR && year <= latestYear
  }
  return z.object({
    title: z.string().check(z.trim(), z.minLength(1, t('rules.titleMissing')), upTo(500)),
    authors: z.array(z.object({ name: z.string().check(z.trim(), upTo(200)) })).check(
      z.maxLength(MAX_AUTHORS, t('rules.tooManyAuthors', { count: MAX_AUTHORS })),
      z.check((context) => {
        if (context.value.some(({ name }) => name)) return
        context.issues.push({
          code: 'custom',
          input: context.value,
          path: [0, 'name'],
          message: t('rules.authorMissing'),
        })
      }),
    ),
    isbn: z.string().check(
      z.trim(),
      z.check((context) => {
        const read = context.value ? readIsbn(context.value) : undefined
        if (!read || 'isbn' in read) return
        context.issues.push({ code: 'custom', input: context.value, message: t(`isbn.fault.${read.fault}`) })
      }),
    ),
    publishedYear: z.string().check(
      z.trim(),
      z.refine((text) => text === '' || /^-?\d+$/.test(text), { error: t('rules.yearNoNumber'), abort: true }),
      z.refine((text) => text === '' || isYear(text), t('rules.yearOutOfRange', { latest: latestYear })),
    ),
    language: z.string(),
    categories: z
      .array(z.string().check(upTo(60)))
      .check(z.maxLength(MAX_CATEGORIES, t('rules.tooManyCategories', { count: MAX_CATEGORIES }))),
    description: z.string().check(z.trim(), upTo(5000)),
    condition: z.string().check(z.refine(isOneOf(['', ...conditions]), t('rules.choose'))),
    notes: z.string().check(z.trim(), upTo(1000)),
    lending: z.string().check(z.refine(isOneOf(lendings), t('rules.choose'))),
  })
}

/** What is sent. Empty fields are `null`, which clears them. */
export function bodyOf(values: BookValues): BookBody {
  const orNull = (text: string) => text.trim() || null
  const year = values.publishedYear.trim()
  const isbn = values.isbn.trim() ? readIsbn(values.isbn) : undefined
  return {
    title: values.title.trim(),
    authors: values.authors.map(({ name }) => name.trim()).filter(Boolean),
    isbn: isbn && 'isbn' in isbn ? isbn.isbn : orNull(values.isbn),
    publishedYear: year ? Number(year) : null,
    language: values.language || null,
    categories: values.categories,
    description: orNull(values.description),
    condition: values.condition || null,
    notes: orNull(values.notes),
    lending: values.lending,
  }
}

export function valuesOf(book: Book): BookValues {
  return {
    title: book.title,
    authors: book.authors.map((name) => ({ name })),
    isbn: book.isbn13 ?? '',
    publishedYear: book.publishedYear?.toString() ?? '',
    language: book.language ?? '',
    categories: book.categories,
    description: book.description ?? '',
    condition: book.condition ?? '',
    notes: book.notes ?? '',
    lending: book.lending,
  }
}

/** What may be taken over from somebody else's copy of the same edition: what is true of every copy. */
export function editionOf(book: Book): Partial<BookValues> {
  const { title, authors, isbn, publishedYear, language, categories } = valuesOf(book)
  return { title, authors, isbn, publishedYear, language, categories }
}
