import { GatehouseError } from '@gatehouse/errors'
import {
  type Matcher,
  metricNameLabel,
  parse,
  parseSelector,
  selectors,
  type VectorSelector,
} from '@gatehouse/promql'
import type { CapabilityRequest } from './capability/capability.ts'
import { changeOf, type SeriesChange } from './view.ts'
import type { Constraints } from './model.ts'
import { isSatisfiable } from './overlap.ts'

/** What a request asked, as the audit log keeps it. */
export interface AuditedRequest {
  /** The route's last parts, such as `query_range` or `label/:name/values`. */
  readonly route: string
  readonly query: string | undefined
  readonly matches: readonly string[]
  readonly label: string | undefined
}

function read({ route, query, matches, label }: AuditedRequest): CapabilityRequest | undefined {
  const wanted = (): VectorSelector[] => matches.map((match) => parseSelector(match))
  const name = /\/api\/v1\/(.*)$/.exec(route)?.[1]
  switch (name) {
    case 'query':
    case 'query_range':
      return query === undefined ? undefined : { kind: 'expr', expr: parse(query) }
    case 'query_exemplars':
      return query === undefined ? undefined : { kind: 'exemplars', expr: parse(query) }
    case 'labels':
      return { kind: 'label-names', matches: wanted() }
    case 'series':
      return { kind: 'series', matches: wanted() }
    default:
      return label === undefined ? undefined : { kind: 'label-values', label, matches: wanted() }
  }
}

/** The request as a question; undefined where the log does not have all of it, or it is no PromQL. */
export function readAudited(asked: AuditedRequest | undefined): CapabilityRequest | undefined {
  try {
    return asked && read(asked)
  } catch (error) {
    if (error instanceof GatehouseError && error.code === 'bad_data') return undefined
    throw error
  }
}

/** The selectors of a request; none if it may touch every series. */
export function selectorsOf(request: CapabilityRequest | undefined): readonly VectorSelector[] | undefined {
  if (request === undefined) return undefined
  if (request.kind === 'expr' || request.kind === 'exemplars') return selectors(request.expr)
  return request.matches.length === 0 ? undefined : request.matches
}

function enforced({ name, matchers }: VectorSelector, { alternatives }: Constraints): Constraints {
  const named: readonly Matcher[] =
    name === undefined ? [] : [{ name: metricNameLabel, op: '=', value: name }]
  const all = alternatives.map((alternative) => [...named, ...matchers, ...alternative])
  return { alternatives: all.filter((conjunction) => isSatisfiable(conjunction) !== false) }
}

/**
 * How the series change that a request with these selectors is answered from; undefined if they stay the same. A narrower right changes
 * nothing for who asked for no more than that.
 */
export function enforcedChange(
  asked: readonly VectorSelector[] | undefined,
  before: Constraints,
  after: Constraints,
): SeriesChange | undefined {
  if (asked === undefined || before.alternatives.length === 0 || after.alternatives.length === 0)
    return changeOf(before, after)
  const changes = new Set(
    asked.map((selector) => changeOf(enforced(selector, before), enforced(selector, after))),
  )
  const isLess = changes.has('narrowed') || changes.has('lost')
  const isMore = changes.has('widened') || changes.has('gained')
  if (changes.has('changed') || (isLess && isMore)) return 'changed'
  if (isLess) return 'narrowed'
  return isMore ? 'widened' : undefined
}
