import { toRegExp } from '../field-config.ts'
import type { Field, Frame } from '../frame.ts'
import { type Json, numberOf, recordOf, recordsOf, textOf, textsOf } from '../json.ts'
import { isReducer, reduceNumbers } from '../reducers.ts'
import { nameIn, pickRows } from './columns.ts'

const mapFields = (
  frames: readonly Frame[],
  change: (fields: readonly Field[]) => readonly Field[],
): readonly Frame[] => frames.map((frame) => ({ ...frame, fields: change(frame.fields) }))

/** A field under another name. */
function renamed(field: Field, name: string): Field {
  return { ...field, name, legend: field.legend === undefined ? undefined : name }
}

/** `organize`: leaves out, orders and renames fields. */
export function organize(frames: readonly Frame[], options: Json): readonly Frame[] {
  const excluded = recordOf(options['excludeByName'])
  const included = recordOf(options['includeByName'])
  const index = recordOf(options['indexByName'])
  const names = recordOf(options['renameByName'])
  const onlyIncluded = Object.values(included).includes(true)
  return mapFields(frames, (fields) => {
    const position = (field: Field, i: number): number => numberOf(index[nameIn(field)]) ?? fields.length + i
    return fields
      .map((field, i) => ({ field, at: position(field, i) }))
      .filter(
        ({ field }) =>
          excluded[nameIn(field)] !== true && (!onlyIncluded || included[nameIn(field)] === true),
      )
      .toSorted((a, b) => a.at - b.at)
      .map(({ field }) => {
        const name = textOf(names[nameIn(field)])
        return name === undefined ? field : renamed(field, name)
      })
  })
}

/** `filterFieldsByName`: keeps or drops fields by their names or a regular expression. */
export function filterFieldsByName(frames: readonly Frame[], options: Json): readonly Frame[] {
  const [include, exclude] = [recordOf(options['include']), recordOf(options['exclude'])]
  const test = (rule: Json): ((name: string) => boolean) | undefined => {
    const names = textsOf(rule['names'])
    const pattern = textOf(rule['pattern'])
    if (names.length === 0 && pattern === undefined) return undefined
    const regex = pattern === undefined ? undefined : toRegExp(pattern)
    return (name) => names.includes(name) || (regex?.test(name) ?? false)
  }
  const [isIn, isOut] = [test(include), test(exclude)]
  return mapFields(frames, (fields) =>
    fields.filter((field) => (isIn?.(nameIn(field)) ?? true) && !(isOut?.(nameIn(field)) ?? false)),
  )
}

/** `renameByRegex`. */
export function renameByRegex(frames: readonly Frame[], options: Json): readonly Frame[] {
  const pattern = textOf(options['regex'])
  const regex =
    pattern === undefined ? undefined : toRegExp(pattern.startsWith('/') ? pattern : `/${pattern}/`)
  const pattern2 = typeof options['renamePattern'] === 'string' ? options['renamePattern'] : ''
  if (regex === undefined) return frames
  return mapFields(frames, (fields) =>
    fields.map((field) =>
      regex.test(nameIn(field)) ? renamed(field, nameIn(field).replace(regex, pattern2)) : field,
    ),
  )
}

/** `sortBy`: orders rows by one field. */
export function sortBy(frames: readonly Frame[], options: Json): readonly Frame[] {
  const [rule] = recordsOf(options['sort'])
  return frames.map((frame) => {
    const by = frame.fields.find((field) => nameIn(field) === textOf(rule?.['field']))
    if (by === undefined) return frame
    const sign = rule?.['desc'] === true ? -1 : 1
    const rows = by.values.map((_, row) => row)
    return pickRows(
      frame,
      rows.toSorted((a, b) => sign * compare(by.values[a] ?? null, by.values[b] ?? null)),
    )
  })
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return String(a).localeCompare(String(b), 'en', { numeric: true })
}

/** `labelsToFields`: labels become columns, or with `rows` names and values. */
export function labelsToFields(frames: readonly Frame[], options: Json): readonly Frame[] {
  const keep = textsOf(options['keepLabels'])
  const valueLabel = textOf(options['valueLabel'])
  return frames.map((frame) => {
    const labelled = frame.fields.filter(({ labels }) => Object.keys(labels).length > 0)
    if (labelled.length === 0) return frame
    const labels = labelled.reduce<Readonly<Record<string, string>>>(
      (all, field) => ({ ...all, ...field.labels }),
      {},
    )
    const names = Object.keys(labels).filter(
      (name) => (keep.length === 0 || keep.includes(name)) && name !== valueLabel,
    )
    const length = frame.fields[0]?.values.length ?? 0
    const columns = names.map(
      (name): Field => ({
        name,
        type: 'string',
        labels: {},
        values: Array.from({ length }, () => labels[name] ?? ''),
        legend: undefined,
      }),
    )
    const time = frame.fields.filter(({ type }) => type === 'time')
    const rest = frame.fields
      .filter(({ type }) => type !== 'time')
      .map((field) => ({
        ...field,
        name: (valueLabel === undefined ? undefined : field.labels[valueLabel]) ?? field.name,
        labels: {},
        legend: undefined,
      }))
    return { ...frame, fields: [...time, ...columns, ...rest] }
  })
}

/** `calculateField`: a new field of every row, by one calculation over all or two fields; undefined if it cannot be made here. */
export function calculateField(frames: readonly Frame[], options: Json): readonly Frame[] | undefined {
  const mode = textOf(options['mode']) ?? 'reduceRow'
  if (mode !== 'reduceRow' && mode !== 'binary') return undefined
  const replace = options['replaceFields'] === true
  return frames.map((frame) => {
    const values =
      mode === 'binary'
        ? binary(frame, recordOf(options['binary']))
        : reduceRow(frame, recordOf(options['reduce']))
    const name = textOf(options['alias']) ?? 'Total'
    const made: Field = { name, type: 'number', labels: {}, values, legend: name }
    const kept = replace ? frame.fields.filter(({ type }) => type === 'time') : frame.fields
    return { ...frame, fields: [...kept, made] }
  })
}

function reduceRow({ fields }: Frame, reduce: Json): (number | null)[] {
  const include = textsOf(reduce['include'])
  const id = textOf(reduce['reducer']) ?? 'sum'
  const used = fields.filter(
    (f) => f.type === 'number' && (include.length === 0 || include.includes(nameIn(f))),
  )
  return (fields[0]?.values ?? []).map((_, row) => {
    const numbers = used
      .map(({ values }) => values[row])
      .map((cell) => (typeof cell === 'number' ? cell : null))
    return isReducer(id) ? reduceNumbers(id, numbers) : null
  })
}

function binary({ fields }: Frame, { left, operator, right }: Json): (number | null)[] {
  const side = (value: unknown): ((row: number) => number) => {
    const json = recordOf(value)
    const name = textOf(value) ?? textOf(recordOf(json['matcher'])['options']) ?? textOf(json['fixed'])
    const field = fields.find((candidate) => nameIn(candidate) === name)
    const fixed = numberOf(name)
    return (row) => (field === undefined ? (fixed ?? Number.NaN) : Number(field.values[row] ?? Number.NaN))
  }
  const [a, b] = [side(left), side(right)]
  return (fields[0]?.values ?? []).map((_, row) => {
    const [x, y] = [a(row), b(row)]
    const result = { '+': x + y, '-': x - y, '*': x * y, '/': x / y }[textOf(operator) ?? '+'] ?? Number.NaN
    return Number.isFinite(result) ? result : null
  })
}
