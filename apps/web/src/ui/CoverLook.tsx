import { classes } from './classes'
import { coverDesign, titleSize, type CoverDesign } from './cover-design'
import { Written, WrittenList } from './Written'

export interface CoverLookProps {
  title: string
  authors: readonly string[]
  /** `undefined`, `null`: it has no picture. */
  url?: string | null | undefined
  /** For pictures that are seen as the page opens. */
  eager?: boolean
  className?: string | undefined
  onBroken?: () => void
}

/** What a cover looks like. Without hooks: the first look draws it too. */
export function CoverLook({ title, authors, url, eager = false, className, onBroken }: CoverLookProps) {
  return (
    <div
      aria-hidden
      className={classes(
        'relative aspect-2/3 w-full overflow-hidden rounded-sm shadow-[0_1px_3px_rgb(43_35_32/0.25)]',
        className,
      )}
    >
      {url ? (
        <img
          src={url}
          alt=""
          loading={eager ? 'eager' : 'lazy'}
          decoding="async"
          className="size-full object-cover"
          onError={onBroken}
        />
      ) : (
        <DrawnCover title={title} authors={authors} />
      )}
      <div className="pointer-events-none absolute inset-0 spine-shadow" />
    </div>
  )
}

function DrawnCover({ title, authors }: { title: string; authors: readonly string[] }) {
  const design = coverDesign(title, authors)
  return (
    <div className="@container relative size-full" style={{ background: design.ground, color: design.ink }}>
      <svg
        viewBox="0 0 200 300"
        className="absolute inset-0 size-full"
        fill="none"
        stroke={design.ornament}
        strokeWidth="1.5"
      >
        <Ornament pattern={design.pattern} />
      </svg>
      <div className="absolute inset-x-[14cqw] top-[22cqw] bottom-[20cqw] flex flex-col font-serif leading-[1.18] hyphens-auto">
        <Written as="span" className={classes('line-clamp-5 pb-[0.1em] font-semibold', titleSize(title))}>
          {title}
        </Written>
        <WrittenList as="span" className="mt-auto line-clamp-2 pb-[0.1em] text-[7cqw] opacity-90" items={authors} />
      </div>
    </div>
  )
}

/** Keeps to the margins and to the strip above the author's name: never below words. */
function Ornament({ pattern }: { pattern: CoverDesign['pattern'] }) {
  switch (pattern) {
    case 'frame':
      return (
        <>
          <rect x="14" y="14" width="172" height="272" />
          <rect x="19" y="19" width="162" height="262" strokeWidth="0.75" />
        </>
      )
    case 'band':
      return (
        <>
          <path d="M0 24H200M0 276H200" strokeWidth="5" />
          <path d="M0 32H200M0 268H200" strokeWidth="1" />
        </>
      )
    case 'arch':
      return <path d="M14 286V44a30 30 0 0 1 30-30H156a30 30 0 0 1 30 30V286Z" />
    case 'rules':
      return <path d="M28 26H172M28 31H172M28 272H172" />
    case 'sun':
      return (
        <g transform="translate(100 284)">
          {[6, 11, 16].map((radius) => (
            <path key={radius} d={`M${-radius} 0a${radius} ${radius} 0 0 1 ${radius * 2} 0`} />
          ))}
          <path d="M-72 0H72" />
        </g>
      )
    case 'diamond':
      return (
        <>
          <path d="M28 26H88M112 26H172M28 276H88M112 276H172" />
          <path d="M100 18l8 8-8 8-8-8zM100 268l8 8-8 8-8-8z" />
        </>
      )
  }
}
