import type { IconNode } from 'lucide'

/** A drawing of Lucide's. Decoration: the words beside it, or the name of its button, say the same. */
export function Icon({ of, className, strokeWidth = 2 }: { of: IconNode; className?: string; strokeWidth?: number }) {
  return (
    <svg
      aria-hidden
      viewBox="0 0 24 24"
      width="24"
      height="24"
      fill="none"
      stroke="currentColor"
      strokeWidth={strokeWidth}
      strokeLinecap="round"
      strokeLinejoin="round"
      className={className}
    >
      {of.map(([Tag, attributes], place) => (
        <Tag key={place} {...attributes} />
      ))}
    </svg>
  )
}
