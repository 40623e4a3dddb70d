import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import type { Book, Community, Member } from './community'
import type { Scene } from './pages'

const repeated = (text: string, length: number) => text.repeat(Math.ceil(length / text.length)).slice(0, length)

/** Texts that members may write and that no page may be burst or turned by. */
export const HOSTILE = {
  /** The longest that the host takes, without a place to break at. */
  title: repeated('Donaudampfschifffahrtsgesellschaft', 500),
  authors: [repeated('Wolfeschlegelsteinhausenbergerdorff', 200), repeated('Hubertblainewolfe', 200)],
  member: repeated('Rhoshandiatellyneshiaunneveshenk', 100),
  category: repeated('Llanfairpwllgwyngyllgogerychwyrndrobwll', 60),
  place: repeated('Taumatawhakatangihangakoauauotamatea', 200),
  location: repeated('Taumatawhakatangihangakoauauotamatea', 100),
  note: repeated('Pneumonoultramicroscopicsilicovolcanoconiosis', 900),
  arabic: 'ألف ليلة وليلة: حكايات شهرزاد (2nd ed.)',
  arabicAuthor: 'نجيب محفوظ',
  hebrew: 'סיפור על אהבה וחושך – 1939!',
  hebrewAuthor: 'עמוס עוז',
  japanese: repeated('吾輩は猫である名前はまだ無い', 120),
  emoji: '👩‍👩‍👧‍👦📚🏳️‍🌈'.repeat(10),
  emojiName: '👩‍👩‍👧‍👦📚🏳️‍🌈🦊',
  signs: '<b>&amp;</b> {{name}} %s $& ../.. "quoted" ’ — 1/2',
} as const

const BOOKS: [string, string[], string[]][] = [
  ['A Plain Book', ['An Author'], ['Novel']],
  [HOSTILE.signs, [HOSTILE.signs], [HOSTILE.signs]],
  [HOSTILE.emoji, [HOSTILE.emojiName], ['📚']],
  [HOSTILE.japanese, ['夏目漱石', '村上春樹'], ['小説']],
  [HOSTILE.hebrew, [HOSTILE.hebrewAuthor, 'Nicholas de Lange'], ['רומן']],
  [HOSTILE.arabic, [HOSTILE.arabicAuthor], ['رواية']],
  ['A short title', HOSTILE.authors.slice(), [HOSTILE.category]],
  [HOSTILE.title, HOSTILE.authors.slice(), [HOSTILE.category, HOSTILE.title.slice(0, 60)]],
]

/** A community with such members and such books, in which each state that the pages show is to be found. */
export async function hostileScene(community: Community): Promise<Scene> {
  const ada = await community.staff(HOSTILE.member, 'admin')
  const grace = await community.staff(`${HOSTILE.arabicAuthor} 1911`, 'moderator')
  const barbara = await community.register(HOSTILE.emojiName)
  await introduce(ada)
  await introduce(barbara)
  for (const owner of [barbara, ada]) for (const book of BOOKS) await hostileBook(community, owner, ...book)
  await makeLoans(community, ada, grace)
  await makeLoans(community, ada, barbara)
  const lent = await community.asks(ada, await community.book(grace, 'Emma', { authors: [...HOSTILE.authors] }))
  await community.step(grace, lent, 'approve', {})
  await community.step(grace, lent, 'hand-over', {})
  const words = { owner: HOSTILE.member, borrower: HOSTILE.hebrewAuthor, title: HOSTILE.title, note: HOSTILE.note }
  return { community, ada, grace, barbara, words }
}

async function introduce({ api, name }: Member): Promise<void> {
  const { data } = await api.GET('/api/v1/profile')
  const { language, timeZone, version } = data!.data
  await api.PUT('/api/v1/profile', {
    body: {
      name,
      language,
      timeZone,
      bio: HOSTILE.note,
      location: HOSTILE.location,
      showBio: true,
      showLocation: true,
    },
    headers: { 'If-Match': `"${version}"` },
  })
}

function hostileBook(
  community: Community,
  owner: Member,
  title: string,
  authors: string[],
  categories: string[],
): Promise<Book> {
  const more = { categories, authors, description: `${title}\n\n${HOSTILE.arabic}`, notes: HOSTILE.note }
  return community.book(owner, title, more)
}

/** One borrow in each state, of a book of the longest words; some of a book that reads from right to left. */
async function makeLoans(community: Community, owner: Member, borrower: Member): Promise<void> {
  const asked = async (title: string = HOSTILE.title) => {
    const book = await community.book(owner, title, { authors: [...HOSTILE.authors] })
    return community.asks(borrower, book, 21, HOSTILE.note)
  }
  const approved = async (title?: string) =>
    community.step(owner, await asked(title), 'approve', { place: HOSTILE.place })
  const lent = async (title?: string) => community.step(owner, await approved(title), 'hand-over', {})
  const returned = async (title?: string) => community.step(borrower, await lent(title), 'declare-return', {})

  await community.step(owner, await asked(), 'reject', { reason: HOSTILE.note.slice(0, 400) })
  await community.step(owner, await returned(), 'return', { condition: 'damaged', note: HOSTILE.note })
  await community.step(owner, await returned(), 'not-received', {})
  await community.step(owner, await returned(HOSTILE.arabic), 'not-received', {})
  await returned()
  await community.step(borrower, await lent(), 'request-extension', { days: 7 })
  await approved(HOSTILE.arabic)
  await asked()
}

const REAL_BOOKS = join(import.meta.dirname, '../../../../shared/data/goodbooks-10k/books.csv')

export interface RealBook {
  title: string
  authors: string[]
}

/** Real books, where they are at hand: the longest lines of authors, the longest titles, and the best known. */
export function realBooks(): RealBook[] | undefined {
  if (!existsSync(REAL_BOOKS)) return undefined
  const rows = parse(readFileSync(REAL_BOOKS), { columns: true }) as { title: string; authors: string }[]
  const by = (length: (row: (typeof rows)[number]) => number) =>
    rows.toSorted((one, other) => length(other) - length(one)).slice(0, 60)
  const chosen = new Set([
    ...rows.slice(0, 120),
    ...by(({ authors }) => authors.length),
    ...by((row) => row.title.length),
  ])
  return [...chosen].map(({ title, authors }) => ({ title, authors: authors.split(', ').slice(0, 50) }))
}
