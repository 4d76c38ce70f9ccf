import { type DataSourceRef, readDataSourceRef } from './data-source-ref.ts'
import { flagOf, isRecord, type Json, listOf, numberOf, recordOf, recordsOf, textOf } from './json.ts'

export type VariableKind =
  | 'query'
  | 'custom'
  | 'textbox'
  | 'interval'
  | 'datasource'
  | 'constant'
  | 'adhoc'
  | 'unknown'

/** What may be chosen: a value with the text that people read. */
export interface VariableOption {
  readonly text: string
  readonly value: string
}

/** The value that stands for all options. */
export const allValueMark = '$__all'

/** A variable of a dashboard. */
export interface Variable {
  readonly name: string
  readonly kind: VariableKind
  /** What stands before it; its name by default. */
  readonly label: string
  readonly description: string | undefined
  /** 0 shown, 1 without its label, 2 not at all. */
  readonly hide: 0 | 1 | 2
  /** Text of the query, list of values, type of data source or constant. */
  readonly query: string
  readonly dataSource: DataSourceRef | undefined
  readonly regex: string
  /** Grafana's number of the order, 0 to 8. */
  readonly sort: number
  /** Whether options are read anew when the time range changes. */
  readonly refreshesWithTime: boolean
  readonly multi: boolean
  readonly includeAll: boolean
  readonly allValue: string | undefined
  /** Values the dashboard was saved with. */
  readonly saved: readonly string[]
  /** For intervals: how many steps `auto` makes, and its least, as a duration. */
  readonly auto: { readonly count: number; readonly least: string } | undefined
  readonly filters: readonly AdhocFilter[]
}

/** A matcher that an ad-hoc variable adds to every selector. */
export interface AdhocFilter {
  readonly key: string
  readonly operator: string
  readonly value: string
}

const kinds: readonly VariableKind[] = [
  'query',
  'custom',
  'textbox',
  'interval',
  'datasource',
  'constant',
  'adhoc',
]

/** Reads `templating.list`. */
export function readVariables(value: unknown): readonly Variable[] {
  return recordsOf(recordOf(value)['list']).flatMap((item) =>
    textOf(item['name']) === undefined ? [] : [readVariable(item)],
  )
}

function readVariable(item: Json): Variable {
  const name = textOf(item['name']) ?? ''
  const type = textOf(item['type']) ?? ''
  const kind = kinds.find((known) => known === type) ?? 'unknown'
  const hide = numberOf(item['hide'])
  return {
    name,
    kind,
    label: textOf(item['label']) ?? name,
    description: textOf(item['description']),
    hide: hide === 1 || hide === 2 ? hide : kind === 'constant' ? 2 : 0,
    query: queryText(item['query']) ?? textOf(item['definition']) ?? '',
    dataSource: readDataSourceRef(item['datasource']),
    regex: textOf(item['regex']) ?? '',
    sort: numberOf(item['sort']) ?? 0,
    refreshesWithTime: numberOf(item['refresh']) === 2,
    multi: flagOf(item['multi']) ?? false,
    includeAll: flagOf(item['includeAll']) ?? false,
    allValue: textOf(item['allValue']),
    saved: savedValues(recordOf(item['current'])),
    auto:
      item['auto'] === true
        ? { count: numberOf(item['auto_count']) ?? 30, least: textOf(item['auto_min']) ?? '10s' }
        : undefined,
    filters: recordsOf(item['filters']).map((filter) => ({
      key: textOf(filter['key']) ?? '',
      operator: textOf(filter['operator']) ?? '=',
      value: textOf(filter['value']) ?? '',
    })),
  }
}

function queryText(value: unknown): string | undefined {
  return isRecord(value) ? textOf(value['query']) : textOf(value)
}

function savedValues({ value }: Json): readonly string[] {
  const values = typeof value === 'string' ? [value] : listOf(value).filter((v) => typeof v === 'string')
  // Old versions wrote "All" with the value "All" or $__all.
  return values.filter((one) => one !== '')
}
