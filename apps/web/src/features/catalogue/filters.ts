import { useMemo } from 'react'
import { useLocation } from 'react-router'

export const sorts = ['newest', 'title', 'year'] as const
export type Sort = (typeof sorts)[number]

/** Which books to show, and in which order: all of it is kept in the address. */
export interface Filters {
  q?: string
  category?: string
  language?: string
  available?: true
  owner?: string
  /** Without it the newest come first; of a search, what fits best. */
  sort?: Sort
}

export type Filter = Exclude<keyof Filters, 'q' | 'sort'>
export const filterNames = ['category', 'language', 'available', 'owner'] as const satisfies readonly Filter[]

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i
export const SEARCH_LENGTH = 200

function words(text: string | null): string | undefined {
  return (
    text
      ?.replaceAll(/\p{Cc}/gu, ' ')
      .trim()
      .slice(0, SEARCH_LENGTH) || undefined
  )
}

function languageCode(text: string | null): string | undefined {
  try {
    return text ? Intl.getCanonicalLocales(text)[0] : undefined
  } catch {
    return undefined
  }
}

/** Addresses are also written by hand: what cannot be meant is left out. */
export function filtersOf(search: string): Filters {
  const given = new URLSearchParams(search)
  const owner = given.get('owner')
  const filters: Filters = {
    q: words(given.get('q')),
    category: words(given.get('category')),
    language: languageCode(given.get('language')),
    available: given.get('available') === 'true' ? true : undefined,
    owner: owner && UUID.test(owner) ? owner : undefined,
    sort: sorts.find((sort) => sort === given.get('sort')),
  }
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined))
}

/** The same filters are always the same address. */
export function searchOf(filters: Filters): string {
  const { q, category, language, available, owner, sort } = filters
  const given = Object.entries({ q, category, language, available, owner, sort }).filter(([, value]) => value)
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return search && `?${search}`
}

export function useFilters(): Filters {
  const { search } = useLocation()
  return useMemo(() => filtersOf(search), [search])
}

export function filtersIn(filters: Filters): Filter[] {
  return filterNames.filter((name) => filters[name] !== undefined)
}

const orders = {
  newest: { sort: 'createdAt', order: 'desc' },
  title: { sort: 'title', order: 'asc' },
  year: { sort: 'publishedYear', order: 'desc' },
} as const

/** As the host is asked. */
export function parametersOf({ sort, ...filters }: Filters) {
  return { ...filters, ...(sort && orders[sort]) }
}

/** The host counts searches and narrowed lists only so far: does `total` stand for that many or more? */
export function isAtLeast(total: number, filters: Filters): boolean {
  return filters.q ? total >= 200 : total === 1000 && filtersIn(filters).length > 1
}
