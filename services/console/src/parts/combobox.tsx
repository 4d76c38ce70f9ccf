import { type KeyboardEvent, useId, useRef, useState } from 'react'
import { Field, type FieldProps, type Option } from './field.tsx'

interface ComboboxProps extends FieldProps {
  readonly value: string
  /** While typing, too: what is typed need not be one of the options. */
  readonly onText: (text: string) => void
  /** An option was taken. */
  readonly onPick: (option: Option) => void
  /** What fits the text, best first; the caller looks for it. */
  readonly options: readonly Option[]
  readonly isBusy?: boolean
  readonly placeholder?: string
}

const shown = 50

/** A text with suggestions, for choices that are searched for: people, metrics, folders. */
export function Combobox({
  value,
  onText,
  onPick,
  options,
  isBusy = false,
  placeholder,
  ...field
}: ComboboxProps) {
  const [isOpen, setOpen] = useState(false)
  const [active, setActive] = useState(-1)
  const list = useRef<HTMLUListElement>(null)
  const id = useId()
  const visible = options.slice(0, shown)
  const pick = (option: Option): void => {
    onPick(option)
    setOpen(false)
    setActive(-1)
  }
  const move = (by: number): void => {
    const next = isOpen ? (active + by + visible.length) % visible.length : by > 0 ? 0 : visible.length - 1
    setOpen(true)
    setActive(next)
    list.current?.children[next]?.scrollIntoView({ block: 'nearest' })
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const option = visible[active]
    if (event.key === 'ArrowDown' && visible.length > 0) move(1)
    else if (event.key === 'ArrowUp' && visible.length > 0) move(-1)
    else if (event.key === 'Enter' && isOpen && option !== undefined) pick(option)
    else if (event.key === 'Escape' && isOpen) setOpen(false)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <Field {...field}>
      {(ids) => (
        <div className="combobox">
          <input
            {...ids}
            className="input"
            role="combobox"
            autoComplete="off"
            spellCheck={false}
            placeholder={placeholder}
            aria-expanded={isOpen && visible.length > 0}
            aria-controls={`${id}-list`}
            aria-autocomplete="list"
            aria-activedescendant={isOpen && active >= 0 ? `${id}-${active}` : undefined}
            value={value}
            onChange={(event) => {
              onText(event.currentTarget.value)
              setOpen(true)
              setActive(-1)
            }}
            onFocus={() => setOpen(true)}
            onBlur={() => setOpen(false)}
            onKeyDown={onKeyDown}
          />
          <ul
            ref={list}
            id={`${id}-list`}
            role="listbox"
            aria-label={field.label}
            className="combobox-list"
            hidden={!isOpen || visible.length === 0}
          >
            {visible.map((option, i) => (
              // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the input has the keys
              <li
                key={option.value}
                id={`${id}-${i}`}
                role="option"
                aria-selected={i === active}
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => pick(option)}
              >
                {option.text}
              </li>
            ))}
          </ul>
          <span role="status" className="visually-hidden">
            {isBusy ? 'Looking…' : isOpen ? `${options.length} suggestions` : ''}
          </span>
        </div>
      )}
    </Field>
  )
}
