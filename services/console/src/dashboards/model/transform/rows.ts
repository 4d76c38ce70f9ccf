import type { Cell } from '../../../charts/index.ts'
import { displayName, type Field, type Frame } from '../frame.ts'
import { type Json, numberOf, recordOf, recordsOf, textOf, textsOf } from '../json.ts'
import { reduceCells, reducerTitle } from '../reducers.ts'
import { keyOf, nameIn, pickRows } from './columns.ts'

const column = (name: string, type: Field['type'], values: readonly Cell[]): Field => ({
  name,
  type,
  labels: {},
  values,
  legend: undefined,
})

/** `reduce`: one row for each series with its calculations, or every field to one row. */
export function reduce(frames: readonly Frame[], options: Json): readonly Frame[] {
  const ids = textsOf(options['reducers'])
  const reducers = ids.length === 0 ? ['max'] : ids
  if (options['mode'] === 'reduceFields')
    return frames.map((frame) => ({
      ...frame,
      fields: frame.fields
        .filter(({ type }) => type === 'number')
        .map((field) => ({ ...field, values: [reduceCells(reducers[0] ?? 'max', field.values)] })),
    }))
  const numbers = frames.flatMap(({ fields }) => fields.filter(({ type }) => type === 'number'))
  const withLabels = options['labelsToFields'] === true
  const labels = withLabels ? [...new Set(numbers.flatMap((field) => Object.keys(field.labels)))] : []
  return [
    {
      refId: frames[0]?.refId ?? '',
      name: undefined,
      fields: [
        column(
          'Field',
          'string',
          numbers.map((field) => (withLabels ? field.name : displayName(field, frames))),
        ),
        ...labels.map((label) =>
          column(
            label,
            'string',
            numbers.map((field) => field.labels[label] ?? ''),
          ),
        ),
        ...reducers.map((id) =>
          column(
            reducerTitle(id),
            'number',
            numbers.map((field) => reduceCells(id, field.values)),
          ),
        ),
      ],
    },
  ]
}

/** `seriesToRows`: all samples of all series below each other. */
export function seriesToRows(frames: readonly Frame[]): readonly Frame[] {
  const rows = frames.flatMap((frame) => {
    const time = frame.fields.find(({ type }) => type === 'time')
    const value = frame.fields.find(({ type }) => type === 'number')
    if (time === undefined || value === undefined) return []
    const name = displayName(value, frames)
    return time.values.map((at, i) => [at, name, value.values[i] ?? null] as const)
  })
  const sorted = rows.toSorted((a, b) => Number(b[0]) - Number(a[0]))
  return [
    {
      refId: frames[0]?.refId ?? '',
      name: undefined,
      fields: [
        column(
          'Time',
          'time',
          sorted.map(([at]) => at),
        ),
        column(
          'Metric',
          'string',
          sorted.map(([, name]) => name),
        ),
        column(
          'Value',
          'number',
          sorted.map(([, , value]) => value),
        ),
      ],
    },
  ]
}

/** `groupBy`: one row for each combination of the grouping fields, with calculations of others. */
export function groupBy(frames: readonly Frame[], options: Json): readonly Frame[] {
  const rules = recordOf(options['fields'])
  return frames.map((frame) => {
    const ruleOf = (field: Field): Json => recordOf(rules[nameIn(field)])
    const keys = frame.fields.filter((field) => ruleOf(field)['operation'] === 'groupby')
    if (keys.length === 0) return frame
    const groups = new Map<string, number[]>()
    ;(frame.fields[0]?.values ?? []).forEach((_, row) => {
      const key = keys.map(({ values }) => keyOf(values[row] ?? null)).join('\n')
      groups.set(key, [...(groups.get(key) ?? []), row])
    })
    const rows = [...groups.values()]
    const calculated = frame.fields.flatMap((field) => {
      const rule = ruleOf(field)
      if (rule['operation'] !== 'aggregate') return []
      return textsOf(rule['aggregations']).map((id) =>
        column(
          `${nameIn(field)} (${id})`,
          field.type,
          rows.map((group) =>
            reduceCells(
              id,
              group.map((row) => field.values[row] ?? null),
            ),
          ),
        ),
      )
    })
    const first = rows.map(([row]) => row ?? 0)
    return {
      ...frame,
      fields: [
        ...keys.map((field) => ({ ...field, values: first.map((row) => field.values[row] ?? null) })),
        ...calculated,
      ],
    }
  })
}

type Test = (cell: Cell) => boolean

function testOf(config: Json): Test | undefined {
  const options = recordOf(config['options'])
  const value = options['value']
  const number = numberOf(value) ?? Number.NaN
  switch (textOf(config['id'])) {
    case 'greater':
      return (cell) => Number(cell) > number
    case 'greaterOrEqual':
      return (cell) => Number(cell) >= number
    case 'lower':
      return (cell) => Number(cell) < number
    case 'lowerOrEqual':
      return (cell) => Number(cell) <= number
    case 'equal':
      return (cell) => cell === value || Number(cell) === number
    case 'notEqual':
      return (cell) => cell !== value && Number(cell) !== number
    case 'isNull':
      return (cell) => cell === null
    case 'isNotNull':
      return (cell) => cell !== null
    case 'substring':
      return (cell) => String(cell).includes(textOf(value) ?? '')
    default:
      return undefined
  }
}

/** `filterByValue`: keeps or drops rows; undefined if a condition is unknown here. */
export function filterByValue(frames: readonly Frame[], options: Json): readonly Frame[] | undefined {
  const filters = recordsOf(options['filters']).map((filter) => ({
    name: textOf(filter['fieldName']) ?? '',
    test: testOf(recordOf(filter['config'])),
  }))
  if (filters.some(({ test }) => test === undefined)) return undefined
  const all = options['match'] === 'all'
  const keeps = options['type'] !== 'exclude'
  return frames.map((frame) => {
    const rows = (frame.fields[0]?.values ?? []).map((_, row) => row)
    const kept = rows.filter((row) => {
      const results = filters.map(({ name, test }) => {
        const field = frame.fields.find((candidate) => nameIn(candidate) === name)
        return test?.(field?.values[row] ?? null) ?? false
      })
      return (all ? results.every(Boolean) : results.some(Boolean)) === keeps
    })
    return pickRows(frame, kept)
  })
}

/** `limit`: the first rows of each frame. */
export function limit(frames: readonly Frame[], options: Json): readonly Frame[] {
  const most = numberOf(options['limitField']) ?? 10
  return frames.map((frame) =>
    pickRows(frame, (frame.fields[0]?.values ?? []).map((_, row) => row).slice(0, most)),
  )
}
