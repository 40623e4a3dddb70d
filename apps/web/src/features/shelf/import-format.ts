import { useTranslation } from 'react-i18next'
import type { components } from '@/api/schema'

export type Format = components['schemas']['Format']

/** Names of programs are the same in every language. */
const PROGRAMS: Partial<Record<Format, string>> = {
  folkshelf: 'Folkshelf',
  goodreads: 'Goodreads',
  librarything: 'LibraryThing',
  storygraph: 'StoryGraph',
  calibre: 'Calibre',
  openreads: 'Openreads',
  bookwyrm: 'BookWyrm',
  inventaire: 'inventaire',
  babelio: 'Babelio',
  libib: 'Libib',
  goodbooks: 'goodbooks-10k',
}

/** Whether a known program wrote the file. Of any other table the columns are guessed. */
export function isRecognised(format: Format | null | undefined): boolean {
  return format !== 'table' && format !== null && format !== undefined
}

/** "An export from Goodreads". */
export function useFormatName(): (format: Format | null | undefined) => string {
  const { t } = useTranslation('shelf')
  return (format) => {
    if (format === 'isbn_list') return t('format.isbnList')
    const program = format && PROGRAMS[format]
    return program ? t('format.program', { program }) : t('format.table')
  }
}

const ENCODINGS: Record<string, string> = { 'utf-16le': 'UTF-16', 'utf-16be': 'UTF-16' }

/** As people write it: "UTF-8", "Windows-1252". */
export function encodingName(encoding: string | null | undefined): string {
  if (!encoding) return ''
  return ENCODINGS[encoding] ?? encoding.replace(/^(utf|iso)/, (name) => name.toUpperCase()).replace(/^w/, 'W')
}
