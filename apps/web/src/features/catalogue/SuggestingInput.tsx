import { Autocomplete } from '@base-ui/react/autocomplete'
import { BookText, UserRound } from 'lucide'
import { useLayoutEffect, useRef, useState, type ComponentProps, type RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '@/ui/Icon'
import { Written } from '@/ui/Written'
import { usePaused } from './usePaused'
import { useSuggestions } from './queries'

const MOST = 7

/** The box to search in, with titles and authors that begin with what is typed. */
export function SuggestingInput({
  text,
  onType,
  onChoose,
  input,
  focused,
}: {
  text: string
  onType: (text: string) => void
  onChoose: (text: string) => void
  input: ComponentProps<'input'>
  /** Whether the input that this one takes the place of had the focus. */
  focused: RefObject<boolean>
}) {
  const { t } = useTranslation()
  const element = useRef<HTMLInputElement>(null)
  const [open, setOpen] = useState(false)
  const typed = usePaused(text.trim(), 120)
  const { data = [] } = useSuggestions(typed)
  const suggestions = data.filter(({ text: suggested }) => suggested !== text.trim()).slice(0, MOST)

  useLayoutEffect(() => {
    if (!focused.current) return
    element.current?.focus()
    element.current?.setSelectionRange(-1, -1)
  }, [focused])

  return (
    <Autocomplete.Root
      items={suggestions}
      filter={null}
      mode="none"
      value={text}
      itemToStringValue={({ text: suggested }) => suggested}
      onValueChange={(value, { reason }) => (reason === 'item-press' ? onChoose(value) : onType(value))}
      open={open && text.trim().length > 1 && suggestions.length > 0}
      onOpenChange={setOpen}
    >
      <Autocomplete.Input
        {...input}
        ref={element}
        onKeyDown={(event) => {
          // Enter without a choice searches for what is typed.
          if (event.key === 'Enter') setOpen(false)
        }}
      />
      <Autocomplete.Portal>
        <Autocomplete.Positioner
          sideOffset={6}
          collisionPadding={12}
          // Below, and shorter where there is little room: above it would hide what the page is.
          collisionAvoidance={{ side: 'none' }}
          className="z-40 outline-none"
        >
          <Autocomplete.Popup className="max-h-(--available-height) w-(--anchor-width) overflow-y-auto overscroll-contain surface p-1.5">
            <Autocomplete.List aria-label={t('suggestions.label')}>
              {(suggestion: (typeof suggestions)[number]) => {
                const icon = suggestion.kind === 'author' ? UserRound : BookText
                return (
                  <Autocomplete.Item
                    key={`${suggestion.kind} ${suggestion.text}`}
                    value={suggestion}
                    className="flex min-h-11 cursor-pointer items-center gap-3 rounded-md px-3 py-2 outline-none select-none data-highlighted:bg-sunken"
                  >
                    <Icon of={icon} className="size-4 shrink-0 text-soft" />
                    <Written as="span" className="min-w-0 flex-1 truncate text-left">
                      {suggestion.text}
                    </Written>
                    {suggestion.kind === 'author' && (
                      <span className="shrink-0 text-sm text-soft">{t('suggestions.author')}</span>
                    )}
                  </Autocomplete.Item>
                )
              }}
            </Autocomplete.List>
          </Autocomplete.Popup>
        </Autocomplete.Positioner>
      </Autocomplete.Portal>
    </Autocomplete.Root>
  )
}
