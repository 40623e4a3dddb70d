/** The classes of what surrounds every page, which is drawn twice at the start: before the app is there, and by it. */
export const shellLook = {
  page: 'flex min-h-dvh flex-col',
  skip: 'sr-only z-50 rounded-md bg-ink px-4 py-3 text-paper focus:not-sr-only focus:fixed focus:top-2 focus:left-2',
  main: 'mx-auto w-full max-w-6xl flex-1 px-4 pt-4 pb-28 sm:px-6 md:pt-6 md:pb-16',
}

export const barLook = {
  bar: 'sticky top-0 z-30 border-b border-line bg-paper/95 backdrop-blur-sm',
  row: 'mx-auto flex h-16 max-w-6xl items-center gap-2 px-4 sm:gap-4 sm:px-6',
  home: 'mr-auto flex min-h-11 items-center gap-2.5 font-serif text-xl font-semibold md:mr-2',
  mark: 'size-7',
  end: 'flex items-center gap-1 md:ml-auto',
  register: 'max-sm:hidden',
}
