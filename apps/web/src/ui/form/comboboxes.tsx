import { Combobox } from '@base-ui/react/combobox'
import type { BaseUIEvent } from '@base-ui/react/types'
import { Check, ChevronDown, X } from 'lucide'
import { useMemo, useState, type KeyboardEvent, type ReactNode } from 'react'
import { useController } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { classes } from '../classes'
import { Field } from '../Field'
import { Icon } from '../Icon'
import { offeredTags, plainTag, sameTag } from './tags'
import { Written } from '../Written'

interface Option {
  value: string
  label: string
}

interface ComboboxFieldProps {
  name: string
  label: string
  hint?: ReactNode
  optional?: boolean
}

const popup =
  'surface max-h-[min(var(--available-height),20rem)] w-(--anchor-width) overflow-y-auto overscroll-contain p-1.5'
const item =
  'flex min-h-11 cursor-pointer items-center gap-3 rounded-md px-3 py-2 outline-none data-highlighted:bg-sunken'

function Suggestions({ empty, children }: { empty: ReactNode; children: (option: Option) => ReactNode }) {
  return (
    <Combobox.Portal>
      <Combobox.Positioner sideOffset={6} collisionPadding={12} className="z-60 outline-none">
        <Combobox.Popup className={popup}>
          {empty && (
            <Combobox.Empty>
              <p className="px-3 py-2 text-soft">{empty}</p>
            </Combobox.Empty>
          )}
          <Combobox.List>{children}</Combobox.List>
        </Combobox.Popup>
      </Combobox.Positioner>
    </Combobox.Portal>
  )
}

/** One of many, found by typing. Holds the value of the option, `''` without one. */
export function ComboboxField({
  name,
  label,
  hint,
  optional = false,
  options,
}: ComboboxFieldProps & { options: readonly Option[] }) {
  const { t, i18n } = useTranslation()
  const { field, fieldState } = useController({ name })
  const items = useMemo(
    () =>
      Combobox.createItems([...options], { getValue: (option) => option.value, getLabel: (option) => option.label }),
    [options],
  )
  return (
    <Field label={label} hint={hint} error={fieldState.error?.message} optional={optional ? t('optional') : undefined}>
      {(control) => (
        <Combobox.Root
          items={items}
          value={(field.value as string) || null}
          onValueChange={(value) => field.onChange(value ?? '')}
          locale={i18n.language}
          autoHighlight
        >
          <Combobox.InputGroup className="relative">
            <Combobox.Input ref={field.ref} onBlur={field.onBlur} className="control pr-20" {...control} />
            <div className="absolute inset-y-0 right-0 flex items-center pr-1">
              <Combobox.Clear
                aria-label={t('combobox.clear')}
                className="flex size-9 items-center justify-center rounded-md text-soft hover:bg-sunken hover:text-ink"
              >
                <Icon of={X} className="size-4" />
              </Combobox.Clear>
              <Combobox.Trigger
                aria-label={t('combobox.open')}
                className="flex size-9 items-center justify-center rounded-md text-soft hover:bg-sunken hover:text-ink"
              >
                <Icon of={ChevronDown} className="size-5" />
              </Combobox.Trigger>
            </div>
          </Combobox.InputGroup>
          <Suggestions empty={t('combobox.none')}>
            {(option) => (
              <Combobox.Item key={option.value} value={option.value} className={item}>
                <span className="min-w-0 flex-1">{option.label}</span>
                <Combobox.ItemIndicator>
                  <Icon of={Check} className="size-5 text-ink" />
                </Combobox.ItemIndicator>
              </Combobox.Item>
            )}
          </Suggestions>
        </Combobox.Root>
      )}
    </Field>
  )
}

/**
 * Free words, several, with suggestions. Enter takes the marked suggestion, a comma what was typed. Holds an array of
 * texts.
 */
export function TagsField({
  name,
  label,
  hint,
  optional = false,
  suggestions,
  maxLength,
}: ComboboxFieldProps & { suggestions: readonly string[]; maxLength: number }) {
  const { t } = useTranslation()
  const { field, fieldState } = useController({ name })
  const [text, setText] = useState('')
  const [open, setOpen] = useState(false)
  const [highlighted, setHighlighted] = useState(false)
  const tags = field.value as string[]
  const typed = plainTag(text)
  const isNew = typed !== '' && ![...tags, ...suggestions].some((tag) => sameTag(tag, typed))
  const options = shown().map((tag) => ({ value: tag, label: tag }))

  function shown(): string[] {
    if (typed === '') return [...tags, ...offeredTags(suggestions, tags, '')]
    // Who types a chosen word again does not mean the next best one.
    if (tags.some((tag) => sameTag(tag, typed))) return []
    return [...offeredTags(suggestions, tags, typed), ...(isNew ? [typed] : [])]
  }

  function add(words: readonly string[]) {
    const next = [...tags]
    for (const word of words.map(plainTag)) {
      const known = suggestions.find((suggestion) => sameTag(suggestion, word)) ?? word
      if (known && !next.some((tag) => sameTag(tag, known))) next.push(known)
    }
    field.onChange(next)
    setText('')
  }

  function onKeyDown(event: BaseUIEvent<KeyboardEvent>) {
    if (event.nativeEvent.isComposing) return
    // The library clears all that is chosen when Escape is pressed in a closed list.
    if (event.key === 'Escape' && !open) event.preventBaseUIHandler()
    if (typed === '') return
    const comma = event.key === ',' || event.key === ';'
    if (!comma && !(event.key === 'Enter' && !(open && highlighted))) return
    event.preventDefault()
    // Enter may come before the list has marked its first line. After Escape the list is closed, and the text stands.
    add([(!comma && open && options[0]?.value) || typed])
  }

  return (
    <Field label={label} hint={hint} error={fieldState.error?.message} optional={optional ? t('optional') : undefined}>
      {(control) => (
        <Combobox.Root
          multiple
          items={options}
          value={tags.map((tag) => ({ value: tag, label: tag }))}
          isItemEqualToValue={(one, other) => one.value === other.value}
          onValueChange={(next) => {
            field.onChange(next.map(({ value }) => value))
            setText('')
          }}
          inputValue={text}
          onInputValueChange={(next, { reason }) => {
            // Pasted lists come apart.
            if (/[,;\n]/.test(next)) add(next.split(/[,;\n]/))
            // The library empties the box when its list closes: what was typed stays, to be added.
            else if (reason !== 'item-press' && reason !== 'input-clear') setText(next)
          }}
          onOpenChange={setOpen}
          onItemHighlighted={(option) => setHighlighted(option !== undefined)}
          filter={null}
          autoHighlight
        >
          <Combobox.InputGroup>
            <Combobox.Chips
              className={classes(
                'flex h-auto control flex-wrap items-center gap-1.5 py-1.5 pl-2 focus-within:outline-2 focus-within:outline-offset-2 focus-within:outline-ink',
                control['aria-invalid'] && 'border-late',
              )}
            >
              {tags.map((tag) => (
                <Combobox.Chip
                  key={tag}
                  aria-label={tag}
                  className="flex max-w-full items-center rounded-md bg-sunken pl-2.5 text-ink"
                >
                  <Written as="span" className="min-w-0 py-1">
                    {tag}
                  </Written>
                  <Combobox.ChipRemove
                    aria-label={t('tags.remove', { tag })}
                    className="flex size-8 shrink-0 items-center justify-center rounded-md hover:text-ink"
                  >
                    <Icon of={X} className="size-4" />
                  </Combobox.ChipRemove>
                </Combobox.Chip>
              ))}
              <Combobox.Input
                ref={field.ref}
                className="min-h-8 min-w-24 flex-1 bg-transparent pl-1 outline-none"
                maxLength={maxLength}
                enterKeyHint="enter"
                onKeyDown={onKeyDown}
                onBlur={() => {
                  if (typed) add([typed])
                  field.onBlur()
                }}
                {...control}
              />
            </Combobox.Chips>
          </Combobox.InputGroup>
          <Suggestions empty={undefined}>
            {(option) => (
              <Combobox.Item key={option.value} value={option} className={item}>
                <span className="min-w-0 flex-1 wrap-anywhere">
                  {isNew && option.value === typed ? t('tags.add', { tag: typed }) : <Written>{option.label}</Written>}
                </span>
                <Combobox.ItemIndicator>
                  <Icon of={Check} className="size-5 text-ink" />
                </Combobox.ItemIndicator>
              </Combobox.Item>
            )}
          </Suggestions>
        </Combobox.Root>
      )}
    </Field>
  )
}
