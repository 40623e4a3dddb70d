const rows = [
  ['title', 'authors', 'isbn', 'year', 'language', 'categories', 'condition', 'lending', 'notes'],
  ['Emma', 'Jane Austen', '978-0-14-143958-7', '1815', 'en', 'Novel; Classic', 'good', 'lend', ''],
  ['Le Petit Prince', 'Antoine de Saint-Exupéry', '', '1943', 'fr', 'Children', 'like_new', 'lend', ''],
  ['Good Omens', 'Terry Pratchett; Neil Gaiman', '', '1990', 'en', 'Fantasy', 'fair', 'give', 'signed'],
]

/** A file as the import reads it; spreadsheets know by its first character that it is UTF-8. */
export function exampleFile(): Blob {
  return new Blob([`\ufeff${rows.map((row) => row.join(',')).join('\r\n')}\r\n`], { type: 'text/csv' })
}
