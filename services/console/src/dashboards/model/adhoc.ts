import { escapeRegex, mapSelectors, type MatchOp, type Matcher, parse, print } from '@gatehouse/promql'
import type { DataSourceRef } from './data-source-ref.ts'
import { interpolate, type Values } from './interpolate.ts'
import type { AdhocFilter } from './variable.ts'
import type { VariableState } from './variable-values.ts'

/** Operators a filter may have, with how people say them. */
export const filterOperators: readonly { readonly value: MatchOp; readonly text: string }[] = [
  { value: '=', text: 'is' },
  { value: '!=', text: 'is not' },
  { value: '=~', text: 'matches' },
  { value: '!~', text: 'does not match' },
]

const bar = '__gfp__'

/** A filter as Grafana writes it in an address: `team|=|signals`. */
export function filterText({ key, operator, value }: AdhocFilter): string {
  return [key, operator, value].map((part) => part.replaceAll('|', bar)).join('|')
}

/** What {@link filterText} wrote; undefined for anything else. */
export function readFilter(text: string): AdhocFilter | undefined {
  const [key, operator, value, ...rest] = text.split('|').map((part) => part.replaceAll(bar, '|'))
  if (key === undefined || key === '' || operator === undefined || value === undefined) return undefined
  return rest.length > 0 ? undefined : { key, operator, value }
}

/** A filter as people read it. */
export function filterWords({ key, operator, value }: AdhocFilter): string {
  const known = filterOperators.find((one) => one.value === operator)
  return `${key} ${known?.text ?? operator} ${value === '' ? '“”' : value}`
}

/** The matcher of a filter; undefined for an operator that Prometheus does not have. */
export function matcherOf({ key, operator, value }: AdhocFilter): Matcher | undefined {
  // Newer Grafana writes "one of" with a list that it joins itself in old addresses.
  if (operator === '=|' || operator === '!=|')
    return {
      name: key,
      op: operator === '=|' ? '=~' : '!~',
      value: value.split(',').map(escapeRegex).join('|'),
    }
  const op = filterOperators.find((one) => one.value === operator)?.value
  return op === undefined ? undefined : { name: key, op, value }
}

/** Filters that are chosen, as matchers for one data source; undefined for every one. */
export interface SourceFilter {
  readonly source: string | undefined
  readonly matchers: readonly Matcher[]
}

/** What the ad-hoc variables of a dashboard add to its queries. */
export function filtersOf(
  states: readonly VariableState[],
  values: Values,
  sourceOf: (uid: string | undefined) => string,
): readonly SourceFilter[] {
  return states.flatMap(({ variable: { kind, dataSource }, chosen }) => {
    if (kind !== 'adhoc') return []
    const matchers = chosen.flatMap((text) => {
      const filter = readFilter(text)
      return (filter && matcherOf(filter)) ?? []
    })
    return matchers.length === 0 ? [] : [{ source: sourceNamed(dataSource, values, sourceOf), matchers }]
  })
}

function sourceNamed(
  dataSource: DataSourceRef | undefined,
  values: Values,
  sourceOf: (uid: string | undefined) => string,
): string | undefined {
  const uid = dataSource?.uid
  return uid === undefined ? undefined : sourceOf(interpolate(uid, values, 'url'))
}

/** A query with the matchers of the filters for its data source in every selector: it can only give less. */
export function withFilters(expr: string, source: string, filters: readonly SourceFilter[]): string {
  const matchers = filters
    .filter((filter) => filter.source === undefined || filter.source === source)
    .flatMap((filter) => filter.matchers)
  if (matchers.length === 0) return expr
  try {
    const narrowed = mapSelectors(parse(expr), (selector) => ({
      ...selector,
      matchers: [...selector.matchers, ...matchers],
    }))
    return print(narrowed)
  } catch {
    // What is no PromQL is refused by whoever answers, in better words.
    return expr
  }
}
