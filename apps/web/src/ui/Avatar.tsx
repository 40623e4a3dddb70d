import { classes } from './classes'

/** Somebody's picture, else their initials. Decoration: their name stands beside it. */
export function Avatar({ name, url, className = 'size-9' }: { name: string; url?: string | null; className?: string }) {
  const look = classes('shrink-0 rounded-full object-cover', className)
  if (url) return <img src={url} alt="" className={look} loading="lazy" decoding="async" />
  return (
    <span
      aria-hidden
      dir="auto"
      className={classes(look, 'inline-flex items-center justify-center bg-sunken text-sm font-medium text-soft')}
    >
      {initialsOf(name)}
    </span>
  )
}

/** A letter may be several code units: an emoji, an accent of its own. Older browsers know code points at least. */
function firstLetter(word: string): string {
  if (!('Segmenter' in Intl)) return Array.from(word)[0] ?? ''
  return new Intl.Segmenter().segment(word)[Symbol.iterator]().next().value?.segment ?? ''
}

/** Of the first and the last word. */
function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/)
  return [words[0], words.length > 1 ? words.at(-1) : undefined]
    .map((word = '') => firstLetter(word))
    .join('')
    .toLocaleUpperCase()
}
