import { type ChangeEvent, useId, useState } from 'react'
import { Disclosure } from '../../parts/disclosure.tsx'
import { Icon } from '../../parts/icon.tsx'
import type { Values } from '../model/interpolate.ts'
import type { TimeRange } from '../model/time-range.ts'
import { allValueMark, type VariableOption } from '../model/variable.ts'
import type { VariableState } from '../model/variable-values.ts'
import { AdhocFilters } from './adhoc-filters.tsx'

type OnChoose = (name: string, values: readonly string[]) => void

interface ChoiceProps {
  readonly state: VariableState
  readonly onChoose: OnChoose
}

/** One of several values. */
function Single({ state, onChoose }: ChoiceProps) {
  const { variable, options, chosen, problem } = state
  const id = useId()
  const all: readonly VariableOption[] = variable.includeAll
    ? [{ text: 'All', value: allValueMark }, ...options]
    : options
  const [value = ''] = chosen
  const isListed = all.some((option) => option.value === value)
  return (
    <div className="variable">
      <Label state={state} htmlFor={id} />
      <select
        id={id}
        className="input input-small"
        value={value}
        aria-describedby={problem === undefined ? undefined : `${id}-problem`}
        onChange={(event) => onChoose(variable.name, [event.currentTarget.value])}
      >
        {isListed ? null : <option value={value}>{value === '' ? 'None' : value}</option>}
        {all.map((option) => (
          <option key={option.value} value={option.value}>
            {option.text}
          </option>
        ))}
      </select>
      <Problem id={id} problem={problem} />
    </div>
  )
}

function Label({ state, htmlFor }: { readonly state: VariableState; readonly htmlFor: string }) {
  const { variable } = state
  return (
    <label
      htmlFor={htmlFor}
      className={variable.hide === 1 ? 'visually-hidden' : undefined}
      title={variable.description}
    >
      {variable.label}
    </label>
  )
}

function Problem({ id, problem }: { readonly id: string; readonly problem: string | undefined }) {
  if (problem === undefined) return null
  return (
    <span id={`${id}-problem`} className="variable-problem small" title={problem}>
      <Icon name="caution" />
      <span>Its values cannot be read: {problem}</span>
    </span>
  )
}

function several({ variable, chosen, options }: VariableState): string {
  if (chosen.includes(allValueMark)) return 'All'
  if (chosen.length === 0) return 'None'
  const textOf = (value: string): string => options.find((option) => option.value === value)?.text ?? value
  if (chosen.length <= 2) return chosen.map(textOf).join(', ')
  return `${chosen.length} of ${Math.max(options.length, chosen.length)} ${variable.label}`
}

const mostListed = 200

/** Several values at once, with a search where there are many. */
function Multi({ state, onChoose }: ChoiceProps) {
  const { variable, options, chosen, problem } = state
  const [search, setSearch] = useState('')
  const id = useId()
  const isAll = chosen.includes(allValueMark)
  const found = options.filter(({ text }) => text.toLowerCase().includes(search.toLowerCase()))
  const toggle = (value: string) => (event: ChangeEvent<HTMLInputElement>) => {
    if (value === allValueMark)
      return onChoose(
        variable.name,
        event.currentTarget.checked ? [allValueMark] : options.slice(0, 1).map((o) => o.value),
      )
    const now = isAll ? [] : chosen
    const next = event.currentTarget.checked ? [...now, value] : now.filter((one) => one !== value)
    // Nothing chosen would ask for nothing: the last one stays.
    if (next.length > 0) onChoose(variable.name, next)
  }
  return (
    <div className="variable">
      <span id={`${id}-label`} className={variable.hide === 1 ? 'visually-hidden' : 'variable-label'}>
        {variable.label}
      </span>
      <Disclosure
        className="variable-several"
        align="start"
        button={
          <>
            <span className="visually-hidden">{variable.label}: </span>
            <span className="variable-value">{several(state)}</span>
            <Icon name="down" />
          </>
        }
      >
        {() => (
          <div className="stack-tight">
            {options.length > 8 ? (
              <input
                className="input input-small"
                type="search"
                aria-label={`Search ${variable.label}`}
                placeholder="Search"
                value={search}
                onChange={(event) => setSearch(event.currentTarget.value)}
              />
            ) : null}
            <fieldset className="choices variable-choices">
              <legend className="visually-hidden">{variable.label}</legend>
              {variable.includeAll ? (
                <label>
                  <input type="checkbox" checked={isAll} onChange={toggle(allValueMark)} />
                  All
                </label>
              ) : null}
              {found.slice(0, mostListed).map(({ text, value }) => (
                <label key={value}>
                  <input
                    type="checkbox"
                    checked={!isAll && chosen.includes(value)}
                    onChange={toggle(value)}
                  />
                  {text}
                </label>
              ))}
            </fieldset>
            {found.length > mostListed ? (
              <p className="small muted">{found.length - mostListed} more: search for them.</p>
            ) : null}
            {options.length === 0 ? <p className="small muted">Nothing to choose from.</p> : null}
          </div>
        )}
      </Disclosure>
      <Problem id={id} problem={problem} />
    </div>
  )
}

/** A text that is typed; it holds when it is confirmed or left. */
function Typed({ state, onChoose }: ChoiceProps) {
  const { variable, chosen } = state
  const id = useId()
  const [value = ''] = chosen
  return (
    <div className="variable">
      <Label state={state} htmlFor={id} />
      <input
        key={value}
        id={id}
        className="input input-small"
        defaultValue={value}
        onBlur={(event) => {
          if (event.currentTarget.value !== value) onChoose(variable.name, [event.currentTarget.value])
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') onChoose(variable.name, [event.currentTarget.value])
        }}
      />
    </div>
  )
}

/** The variables a person may choose. */
export function VariableBar({
  states,
  values,
  range,
  onChoose,
}: {
  readonly states: readonly VariableState[]
  readonly values: Values
  readonly range: TimeRange
  readonly onChoose: OnChoose
}) {
  const shown = states.filter(
    ({ variable }) => variable.hide !== 2 && variable.kind !== 'constant' && variable.kind !== 'unknown',
  )
  if (shown.length === 0) return null
  return (
    <div className="variables" role="group" aria-label="Variables">
      {shown.map((state) => {
        const { name, kind, multi } = state.variable
        if (kind === 'adhoc')
          return <AdhocFilters key={name} state={state} values={values} range={range} onChoose={onChoose} />
        if (kind === 'textbox') return <Typed key={name} state={state} onChoose={onChoose} />
        return multi ? (
          <Multi key={name} state={state} onChoose={onChoose} />
        ) : (
          <Single key={name} state={state} onChoose={onChoose} />
        )
      })}
    </div>
  )
}
