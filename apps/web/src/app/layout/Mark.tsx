/** Three books, one of them leaning: the mark of Folkshelf. The same drawing as `public/icons/folkshelf.svg`. */
export function Mark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden className={className}>
      <rect x="3" y="6" width="6.5" height="20" rx="1.5" className="fill-free" />
      <rect x="11" y="9" width="6" height="17" rx="1.5" className="fill-due" />
      <rect
        x="19.2"
        y="7"
        width="6.4"
        height="19.4"
        rx="1.5"
        transform="rotate(-14 22.4 26.4)"
        className="fill-accent"
      />
      <path d="M2 28h28" strokeWidth="2" strokeLinecap="round" className="stroke-current" />
    </svg>
  )
}
