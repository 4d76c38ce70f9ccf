import { parseMoment, type Range, type RangeText, resolveRange } from '../parts/time-range.ts'
import type { SearchChange } from '../router/location.ts'

/** What one can search by: its name in the API and the address, in words, and whether it needs the right to read queries. */
export interface FilterField {
  readonly name: string
  readonly label: string
  readonly hint?: string
  readonly options?: readonly { readonly value: string; readonly text: string }[]
  readonly isNumber?: boolean
  readonly showsQueries?: boolean
}

export const fields: readonly FilterField[] = [
  {
    name: 'results',
    label: 'Decision',
    options: [
      { value: 'denied', text: 'denied' },
      { value: 'failed', text: 'failed' },
      { value: 'allowed', text: 'allowed' },
    ],
  },
  {
    name: 'classes',
    label: 'Kind',
    options: [
      { value: 'query', text: 'reading data' },
      { value: 'identity', text: 'signing in and tokens' },
      { value: 'change', text: 'changes' },
    ],
  },
  { name: 'actor', label: 'Person or service account', hint: 'Its uid, as an event shows it.' },
  { name: 'action', label: 'Action', hint: 'For example datasources:query.' },
  { name: 'codes', label: 'Code', hint: 'A code or its beginning: Q001D, A, X. Several with commas.' },
  { name: 'dataSource', label: 'Data source', hint: 'Its uid.' },
  { name: 'metric', label: 'Metric', hint: 'A metric that the query names.', showsQueries: true },
  { name: 'dashboard', label: 'Dashboard', hint: 'Its uid.', showsQueries: true },
  { name: 'token', label: 'Token or session', hint: 'Its id.' },
  { name: 'address', label: 'Address', hint: 'An IP address, for example 192.0.2.7.' },
  {
    name: 'text',
    label: 'Words',
    hint: 'Words of the query or the event, or part of a name. Four letters also find beginnings.',
    showsQueries: true,
  },
  { name: 'minDurationMs', label: 'At least this slow', hint: 'In ms.', isNumber: true },
  { name: 'minBytes', label: 'At least this large', hint: 'In bytes.', isNumber: true },
]

const lists = new Set(['results', 'classes', 'codes'])
const defaultRange: RangeText = { from: 'now-24h', to: 'now' }

/** The range of the address. */
export function rangeOf(search: URLSearchParams): RangeText {
  return { from: search.get('from') ?? defaultRange.from, to: search.get('to') ?? defaultRange.to }
}

/** The range at `now`; the last day where the address says none that can be. */
export function resolvedRange(search: URLSearchParams, now: number): Range {
  return (
    resolveRange(rangeOf(search), now) ??
    resolveRange(defaultRange, now) ?? { start: now - 86_400_000, end: now }
  )
}

/** A filter in force. */
export interface Wanted {
  readonly field: FilterField
  readonly value: string
}

/** The filters of the address, in the order of {@link fields}. */
export function wantedOf(search: URLSearchParams): readonly Wanted[] {
  return fields.flatMap((field) => {
    const value = search.get(field.name)
    return value === null || value === '' ? [] : [{ field, value }]
  })
}

/** What a chip says: `Decision: denied`. */
export function chipText({ field, value }: Wanted): string {
  const words = value
    .split(',')
    .map((one) => field.options?.find((option) => option.value === one)?.text ?? one)
    .join(', ')
  return `${field.label}: ${words}`
}

function timesOf({ start, end }: Range): { from: string; to: string } {
  return { from: new Date(start).toISOString(), to: new Date(end).toISOString() }
}

/** Query parameters of the API for the filters in force over `range`. */
export function toParameters(search: URLSearchParams, range: Range): URLSearchParams {
  const params = new URLSearchParams(timesOf(range))
  for (const { field, value } of wantedOf(search)) params.set(field.name, value)
  return params
}

/** The same as the API takes it in bodies. Times are left out of a view: it follows the range in which one looks. */
export function toBody(search: URLSearchParams, range?: Range): Record<string, unknown> {
  const filters = wantedOf(search).map(({ field, value }): [string, unknown] => [
    field.name,
    lists.has(field.name) ? value.split(',') : field.isNumber === true ? Number(value) : value,
  ])
  return { ...(range === undefined ? {} : timesOf(range)), ...Object.fromEntries(filters) }
}

function asText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string').join(',') : undefined
}

/** The change of the address that puts a saved view in force, all other filters taken away. */
export function fromView(filter: Readonly<Record<string, unknown>>): SearchChange {
  const change: Record<string, string | undefined> = {}
  for (const { name } of fields) change[name] = asText(filter[name])
  for (const name of ['from', 'to']) {
    const at = parseMoment(asText(filter[name]) ?? '', Date.now())
    if (at !== undefined) change[name] = String(at)
  }
  return change
}

/** Whether exactly the filters of a view are in force. */
export function isInForce(filter: Readonly<Record<string, unknown>>, search: URLSearchParams): boolean {
  return fields.every(({ name }) => (asText(filter[name]) ?? '') === (search.get(name) ?? ''))
}
