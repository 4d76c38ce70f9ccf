import type { Cell } from '../../charts/index.ts'

export type FieldType = 'time' | 'number' | 'string' | 'boolean'

/** A column of a frame. Times are milliseconds since 1970. */
export interface Field {
  readonly name: string
  readonly type: FieldType
  readonly labels: Readonly<Record<string, string>>
  readonly values: readonly Cell[]
  /** The name a legend format made; it wins over the field's own. */
  readonly legend: string | undefined
}

/** Columns of one length: a series, or a table. */
export interface Frame {
  readonly refId: string
  readonly name: string | undefined
  readonly fields: readonly Field[]
  /** Seconds between the samples of a range query. */
  readonly step?: number
}

export function rowsOf(frame: Frame): number {
  return frame.fields[0]?.values.length ?? 0
}

/** A series as Prometheus writes it: `up{job="api"}`. */
export function seriesName({ __name__: name = '', ...rest }: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(rest).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  if (pairs.length === 0) return name === '' ? '{}' : name
  return `${name}{${pairs.join(', ')}}`
}

/** The name people see of a field among all fields of a panel. */
export function displayName(field: Field, frames: readonly Frame[]): string {
  if (field.legend !== undefined && field.legend !== '') return field.legend
  const { name, labels, type } = field
  if (type === 'time' || Object.keys(labels).length === 0) return name
  const label = onlyLabel(frames)
  const text = label === undefined ? seriesName(labels) : (labels[label] ?? name)
  return name === 'Value' || name === '' ? text : `${name} ${text}`
}

/** The label name, if all fields of all frames have that one and no other. */
function onlyLabel(frames: readonly Frame[]): string | undefined {
  const names = new Set(frames.flatMap(({ fields }) => fields.flatMap(({ labels }) => Object.keys(labels))))
  const [only, ...more] = names
  return more.length === 0 ? only : undefined
}
