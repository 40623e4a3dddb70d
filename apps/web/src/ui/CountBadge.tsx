/** How many things wait there. The name of what it sits on tells it to screen readers. */
export function CountBadge({ count }: { count: number }) {
  if (count === 0) return null
  return (
    <span
      aria-hidden
      className="absolute -top-1 left-1/2 ml-1 inline-flex h-5 min-w-5 items-center justify-center rounded-full bg-ink px-1.5 text-xs font-semibold text-paper tabular-nums"
    >
      {count > 99 ? '99+' : count}
    </span>
  )
}
