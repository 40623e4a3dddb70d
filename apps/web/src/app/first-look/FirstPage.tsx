import { Settings2, Search, SlidersHorizontal } from 'lucide'
import type { ReactNode } from 'react'
import {
  atOnce,
  BookLook,
  browseLook,
  FACET_ROWS,
  gridLook,
  headLook,
  searchLook,
  standingOf,
  toggleLook,
} from '@/features/catalogue/first-look'
import type { BookCard } from '@/features/catalogue'
import type { FirstWords } from '@/i18n/first-words'
import { buttonLook, iconButtonLook } from '@/ui/button-look'
import { CoverLook } from '@/ui/CoverLook'
import { Icon } from '@/ui/Icon'
import { Skeleton } from '@/ui/Skeleton'
import { Written } from '@/ui/Written'
import { barLook, shellLook } from '../layout/look'
import { Mark } from '../layout/Mark'

interface FirstPageProps {
  words: FirstWords
  /** The name of the community, if it is known. */
  name: string | null
  books: readonly BookCard[]
  /** How many books there are, in words. */
  count: string
  /** There is room for a column beside the list. */
  wide: boolean
}

/**
 * The page to browse as a visitor first sees it, made of the looks that the app's own components have: no hook, no event,
 * only links and a form. A test holds that the app's page takes its place to the pixel.
 */
export function FirstPage({ words: { catalogue, common }, name, books, count, wide }: FirstPageProps) {
  const inSight = atOnce()
  return (
    <div className={shellLook.page}>
      <a href="#main" className={shellLook.skip}>
        {common.skipToContent}
      </a>
      <header className={barLook.bar}>
        <div className={barLook.row}>
          <a href="/" className={barLook.home}>
            <Mark className={barLook.mark} />
            Folkshelf
          </a>
          <div className={barLook.end}>
            <a href="/login" className={buttonLook('quiet', 'small')}>
              {common.session.logIn}
            </a>
            <a href="/register" className={buttonLook('secondary', 'small', barLook.register)}>
              {common.session.register}
            </a>
            <Waiting label={common.account.settings}>
              <Icon of={Settings2} className="size-6" strokeWidth={1.75} />
            </Waiting>
          </div>
        </div>
      </header>
      <main id="main" tabIndex={-1} className={shellLook.main}>
        <header className={browseLook.header}>
          <div className="min-w-0">
            <Written as="h1" className={browseLook.title}>
              {name ?? catalogue.browse.title}
            </Written>
            <p className={browseLook.welcome}>
              {catalogue.welcome.text}{' '}
              <a href="/register" className="link">
                {catalogue.welcome.join}
              </a>
            </p>
          </div>
          <FirstSearch label={common.search}>
            {!wide && (
              <Waiting label={catalogue.filters.open} className="relative">
                <Icon of={SlidersHorizontal} className="size-5" />
              </Waiting>
            )}
          </FirstSearch>
        </header>
        <div className={browseLook.columns}>
          {wide && (
            <aside aria-label={catalogue.filters.label} className={browseLook.facets}>
              {Array.from({ length: FACET_ROWS }, (_, place) => (
                <Skeleton key={place} className={browseLook.facet} />
              ))}
            </aside>
          )}
          <section aria-label={catalogue.browse.list}>
            <div className={headLook.line}>
              <div className={headLook.start}>
                <p className={headLook.count}>{count}</p>
                {!wide && (
                  <button type="button" inert className={toggleLook('chip', false)}>
                    {catalogue.filters.available}
                  </button>
                )}
              </div>
              <select inert aria-label={catalogue.sort.label} className={headLook.sort}>
                {[catalogue.sort.newest, catalogue.sort.title, catalogue.sort.year].map((sort) => (
                  <option key={sort}>{sort}</option>
                ))}
              </select>
            </div>
            <ul className={gridLook.grid}>
              {books.map((book, place) =>
                place < inSight ? (
                  <FirstBook key={book.id} book={book} words={catalogue} />
                ) : (
                  <li key={book.id} aria-hidden className={gridLook.place} />
                ),
              )}
            </ul>
          </section>
        </div>
      </main>
    </div>
  )
}

function FirstBook({ book, words }: { book: BookCard; words: FirstWords['catalogue'] }) {
  const { id, title, authors, coverUrl } = book
  const standing = standingOf(book)
  return (
    <BookLook
      cover={<CoverLook title={title} authors={authors} url={coverUrl} eager className={gridLook.cover} />}
      title={
        <a href={`/books/${id}`} className={gridLook.link}>
          {title}
        </a>
      }
      authors={authors}
      standing={standing}
      standingName={words.standing[standing]}
    />
  )
}

/** Finds without the app, too: the address holds what was searched for. */
function FirstSearch({ label, children }: { label: string; children: ReactNode }) {
  return (
    <form role="search" action="/" className={`relative ${browseLook.search}`}>
      <Icon of={Search} className={searchLook.icon} />
      <input
        type="search"
        name="q"
        enterKeyHint="search"
        aria-label={label}
        placeholder={label}
        autoComplete="off"
        spellCheck="false"
        dir="auto"
        className={searchLook.input(Boolean(children))}
      />
      <div className={searchLook.end}>{children}</div>
    </form>
  )
}

/** A button whose work needs the app. */
function Waiting({ label, className, children }: { label: string; className?: string; children: ReactNode }) {
  return (
    <button type="button" inert aria-label={label} className={iconButtonLook(className)}>
      {children}
    </button>
  )
}
