import { Search, X } from 'lucide'
import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { IconButton } from '@/ui/Button'
import { classes } from '@/ui/classes'
import { Icon } from '@/ui/Icon'
import { SEARCH_LENGTH } from './filters'
import { searchLook } from './look'

type SuggestingInput = (typeof import('./SuggestingInput'))['SuggestingInput']

/** Once it is there every box suggests from the start. */
let fetched: SuggestingInput | undefined

const PAUSE = 250
/** Fewer letters find next to nothing: they wait for Enter. */
const ENOUGH = 3
/** By then the page has come to rest. */
const REST = 1500

/**
 * Where one types what to look for. The list of suggestions is fetched when the page has come to rest, or when somebody
 * reaches for the box.
 */
export function SearchBox({
  q,
  onSearch,
  whileTyping = false,
  className,
  end,
}: {
  /** What is searched for at present. */
  q: string
  onSearch: (q: string) => void
  /** Searches without waiting for Enter. */
  whileTyping?: boolean
  className?: string
  /** A button at the end of the box. */
  end?: ReactNode
}) {
  const { t } = useTranslation()
  const [text, setText] = useState(q)
  const [Suggesting, setSuggesting] = useState(() => fetched)
  const focused = useRef(false)
  const box = useRef<HTMLFormElement>(null)
  const asked = useRef<string[]>([])
  const pause = useRef<ReturnType<typeof setTimeout>>(undefined)

  const shown = useRef(q)
  useEffect(() => {
    if (q === shown.current) return
    shown.current = q
    const place = asked.current.indexOf(q)
    if (place >= 0) asked.current.splice(0, place + 1)
    // Somebody else has changed it: the back button, a link.
    else setText(q)
  }, [q])
  useEffect(() => () => clearTimeout(pause.current), [])
  // Without it one can still search.
  const suggest = useCallback(() => {
    import('./SuggestingInput').then(
      (module) => {
        fetched = module.SuggestingInput
        setSuggesting(() => fetched)
      },
      () => {},
    )
  }, [])
  useEffect(() => {
    if (!whileTyping) return
    const rest = setTimeout(suggest, REST)
    return () => clearTimeout(rest)
  }, [whileTyping, suggest])

  const ask = useCallback(
    (wanted: string) => {
      clearTimeout(pause.current)
      const next = wanted.trim()
      if (next === (asked.current.at(-1) ?? q)) return
      asked.current.push(next)
      onSearch(next)
    },
    [q, onSearch],
  )
  const type = (next: string) => {
    setText(next)
    clearTimeout(pause.current)
    const { length } = next.trim()
    if (whileTyping && (length === 0 || length >= ENOUGH)) pause.current = setTimeout(() => ask(next), PAUSE)
  }
  const choose = (next: string) => {
    setText(next)
    ask(next)
  }
  const input = {
    type: 'search',
    enterKeyHint: 'search',
    'aria-label': t('search'),
    placeholder: t('search'),
    maxLength: SEARCH_LENGTH,
    autoComplete: 'off',
    spellCheck: false,
    dir: 'auto',
    className: searchLook.input(Boolean(end)),
  } as const
  return (
    <form
      ref={box}
      role="search"
      className={classes('relative', className)}
      onSubmit={(event) => {
        event.preventDefault()
        ask(text)
      }}
    >
      <Icon of={Search} className={searchLook.icon} />
      {Suggesting ? (
        <Suggesting text={text} onType={type} onChoose={choose} input={input} focused={focused} />
      ) : (
        <input
          {...input}
          value={text}
          onChange={(event) => type(event.target.value)}
          onPointerEnter={suggest}
          onFocus={() => {
            focused.current = true
            suggest()
          }}
          onBlur={() => (focused.current = false)}
        />
      )}
      <div className={searchLook.end}>
        {text && (
          <IconButton
            label={t('searchClear')}
            className="text-soft"
            onClick={() => {
              choose('')
              box.current?.querySelector('input')?.focus()
            }}
          >
            <Icon of={X} className="size-5" />
          </IconButton>
        )}
        {end}
      </div>
    </form>
  )
}
