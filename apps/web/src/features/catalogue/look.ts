import { classes } from '@/ui/classes'

/** How many books are in sight: they are drawn at once, the rest when these can be seen. */
export const atOnce = () => (matchMedia('(min-width: 48rem)').matches ? 10 : 6)

/** Whether there is room for a column beside the list: as Tailwind's `lg`. */
export const wide = () => matchMedia('(min-width: 64rem)')

/** The classes of the page to browse, which is drawn twice: before the app is there, and by it. */
export const browseLook = {
  // On phones all of this is low, so that books are seen at once.
  header: 'mb-1 flex flex-col gap-2.5 md:mb-8 md:flex-row md:items-center md:justify-between md:gap-8',
  title: 'line-clamp-2 text-[1.375rem]/7 md:text-title',
  welcome: 'text-sm/5 text-pretty text-soft md:mt-1',
  search: 'w-full shrink-0 md:max-w-md',
  columns: 'lg:grid lg:grid-cols-[13rem_minmax(0,1fr)] lg:gap-12',
  facets: 'flex flex-col gap-3 pt-1',
  facet: 'h-6',
}

export const FACET_ROWS = 12

export const searchLook = {
  icon: 'pointer-events-none absolute top-3 left-3.5 z-1 size-5 text-soft',
  input: (withEnd: boolean) =>
    classes('control pl-11 [&::-webkit-search-cancel-button]:hidden', withEnd ? 'pr-22' : 'pr-11'),
  end: 'absolute top-0 right-0 flex',
}

export const headLook = {
  line: 'mb-1 flex items-start gap-2 md:mb-4',
  start: 'flex min-h-11 min-w-0 flex-1 flex-wrap items-center gap-x-3',
  count: 'text-sm whitespace-nowrap text-soft',
  sort: '-mr-1 min-h-11 max-w-40 shrink-0 rounded-md bg-transparent pl-1 text-sm text-soft hover:text-ink',
}

const toggles = {
  button: 'min-h-11 w-fit rounded-md px-4 font-medium',
  // The finger finds more than the eye sees.
  chip: 'relative min-h-8 rounded-full px-3 text-sm font-medium after:absolute after:-inset-y-1.5 after:inset-x-0',
}

export function toggleLook(kind: keyof typeof toggles, on: boolean): string {
  return classes(
    'inline-flex items-center gap-2 border whitespace-nowrap transition-colors',
    toggles[kind],
    on ? 'border-free bg-free-soft text-free' : 'border-control bg-card hover:bg-sunken',
  )
}

export const gridLook = {
  grid: 'transition-opacity grid grid-cols-2 gap-x-4 gap-y-8 min-[30rem]:grid-cols-3 sm:gap-x-6 md:grid-cols-4 lg:grid-cols-4 xl:grid-cols-5',
  /** Of a book that is drawn later. */
  place: 'row-span-3 aspect-2/3 rounded-sm bg-sunken',
  // Cut off by itself: else its further lines, unseen, lie on what follows.
  link: 'line-clamp-2 rounded-sm decoration-control underline-offset-4 group-hover:underline after:absolute after:inset-0 after:rounded-sm',
  cover: 'transition-transform duration-200 group-hover:-translate-y-1 motion-reduce:transform-none',
}
