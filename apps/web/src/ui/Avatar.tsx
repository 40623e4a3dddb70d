import { classes } from './classes'

/** Somebody's picture, else their initials. Decoration: their name stands beside it. */
export function Avatar({ name, url, className = 'size-9' }: { name: string; url?: string | null; className?: string }) {
  const look = classes('shrink-0 rounded-full object-cover', className)
  if (url) return <img src={url} alt="" className={look} loading="lazy" decoding="async" />
  const words = name.trim().split(/\s+/)
  const initials = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => word?.[0] ?? '').join('')
  return (
    <span
      aria-hidden
      className={classes(
        look,
        'inline-flex items-center justify-center bg-accent-soft text-sm font-medium text-accent-strong',
      )}
    >
      {initials.toLocaleUpperCase()}
    </span>
  )
}
