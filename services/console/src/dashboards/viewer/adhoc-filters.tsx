import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { Chips } from '../../parts/chips.tsx'
import { Combobox } from '../../parts/combobox.tsx'
import { Disclosure } from '../../parts/disclosure.tsx'
import { Select } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import { sourceOf, useAsking } from '../data/context.ts'
import { labelNames, labelValues } from '../data/prometheus.ts'
import { filterOperators, filterText, filterWords, matcherOf, readFilter } from '../model/adhoc.ts'
import { interpolate, type Values } from '../model/interpolate.ts'
import type { TimeRange } from '../model/time-range.ts'
import type { VariableState } from '../model/variable-values.ts'

interface Place {
  readonly source: string
  readonly range: TimeRange
}

const minuteMs = 60_000

/** Names of labels, or values of one: of the series that the dashboard's queries are about, or that are mine to query. */
function useOptions(label: string | undefined, { source, range }: Place, isOpen: boolean) {
  const asking = useAsking()
  const [start, end] = [Math.floor(range.from / minuteMs) * 60, Math.ceil(range.to / minuteMs) * 60]
  const { data = [], isFetching } = useQuery({
    queryKey: ['filters', asking.org, asking.dashboardUid, asking.token, source, label, start, end],
    enabled: isOpen && label !== '',
    retry: false,
    staleTime: minuteMs,
    queryFn: ({ signal }) =>
      label === undefined
        ? labelNames(asking, { source, selector: undefined }, { start, end, signal })
        : labelValues(asking, { source, label, selector: undefined }, { start, end, signal }),
  })
  // A metric's name is what a query is about, not what narrows it.
  return { options: data.filter((one) => one !== '__name__'), isBusy: isFetching }
}

function Choice({
  label,
  value,
  onText,
  options,
  isBusy,
  error,
}: {
  readonly label: string
  readonly value: string
  readonly onText: (text: string) => void
  readonly options: readonly string[]
  readonly isBusy: boolean
  readonly error?: string | undefined
}) {
  const fitting = options.filter((one) => one.toLowerCase().includes(value.toLowerCase()))
  return (
    <Combobox
      label={label}
      value={value}
      onText={onText}
      onPick={(option) => onText(option.value)}
      options={fitting.map((one) => ({ value: one, text: one }))}
      isBusy={isBusy}
      error={error}
    />
  )
}

function NewFilter({ place, onAdd }: { readonly place: Place; readonly onAdd: (text: string) => void }) {
  const [key, setKey] = useState('')
  const [operator, setOperator] = useState('=')
  const [value, setValue] = useState('')
  const [error, setError] = useState<string>()
  const names = useOptions(undefined, place, true)
  const values = useOptions(key.trim(), place, names.options.includes(key.trim()))
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    const name = key.trim()
    setError(name === '' ? 'Choose a label.' : undefined)
    if (name !== '') onAdd(filterText({ key: name, operator, value: value.trim() }))
  }
  return (
    <form className="stack-tight" onSubmit={submit} noValidate>
      <Choice label="Label" value={key} onText={setKey} error={error} {...names} />
      <Select
        label="Comparison"
        value={operator}
        onText={setOperator}
        options={filterOperators.map((one) => ({ value: one.value, text: `${one.text} (${one.value})` }))}
      />
      <Choice label="Value" value={value} onText={setValue} {...values} />
      <div>
        <Button type="submit" isSmall kind="main">
          Add the filter
        </Button>
      </div>
    </form>
  )
}

/** Filters that every query of the dashboard gets besides its own: a word on each, and a way to add and remove one. */
export function AdhocFilters({
  state: { variable, chosen },
  values,
  range,
  onChoose,
}: {
  readonly state: VariableState
  readonly values: Values
  readonly range: TimeRange
  readonly onChoose: (name: string, chosen: readonly string[]) => void
}) {
  const asking = useAsking()
  const uid = variable.dataSource?.uid
  const source = sourceOf(asking, uid === undefined ? undefined : interpolate(uid, values, 'url'))
  const filters = chosen.flatMap((text) => {
    const filter = readFilter(text)
    return filter === undefined ? [] : [{ text, filter }]
  })
  const unknown = filters.filter(({ filter }) => matcherOf(filter) === undefined)
  // An empty text stands in the address for "none", where the dashboard has filters of its own.
  const choose = (next: readonly string[]): void => onChoose(variable.name, next.length === 0 ? [''] : next)
  const kept = filters.map(({ text }) => text)
  return (
    <div className="variable variable-filters">
      <span className="variable-label">{variable.label}</span>
      <Chips
        label={variable.label}
        chips={filters.map(({ text, filter }) => ({ id: text, text: filterWords(filter) }))}
        onRemove={(id) => choose(kept.filter((one) => one !== id))}
      />
      <Disclosure
        className="variable-several"
        align="start"
        button={
          <>
            Add a filter
            <Icon name="down" />
          </>
        }
      >
        {(close) => (
          <NewFilter
            place={{ source, range }}
            onAdd={(text) => {
              choose([...kept.filter((one) => one !== text), text])
              close()
            }}
          />
        )}
      </Disclosure>
      {unknown.length > 0 && (
        <span className="variable-problem small">
          <Icon name="caution" />
          <span>Prometheus does not know this comparison: it filters nothing.</span>
        </span>
      )}
    </div>
  )
}
