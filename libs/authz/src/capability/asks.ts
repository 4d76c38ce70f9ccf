import { type Expr, parse, parseSelector, type VectorSelector } from '@gatehouse/promql'
import type { CapabilityRequest } from './capability.ts'
import type { DashboardQuery } from './dashboard.ts'
import { callOf, isSelectorDefined } from './variable-call.ts'
import { interpolate, type Values, type Variable } from './variable.ts'

/** A request as Grafana makes it for a query of a dashboard. */
export type Ask =
  | { readonly endpoint: 'query'; readonly query: string }
  | { readonly endpoint: 'query_exemplars'; readonly query: string }
  | { readonly endpoint: 'label_values'; readonly label: string; readonly match: string | undefined }
  | { readonly endpoint: 'labels' | 'series'; readonly match: string | undefined }

function variableAsks(text: string): readonly Ask[] {
  const call = callOf(text)
  if (call === undefined) return [{ endpoint: 'series', match: text.trim() }]
  const { name, argument } = call
  switch (name) {
    case 'query_result':
      return [{ endpoint: 'query', query: argument }]
    case 'label_names':
      return [{ endpoint: 'labels', match: argument === '' ? undefined : `{__name__=~".*${argument}.*"}` }]
    case 'metrics': {
      const values = { endpoint: 'label_values', label: '__name__' } as const
      return [
        { ...values, match: `{__name__=~"${argument}"}` },
        { ...values, match: undefined },
      ]
    }
    case 'label_values': {
      const [, selector = '', label = ''] = /^(?:([\s\S]*),)?\s*([^\s,]+)$/.exec(argument) ?? []
      const match = isSelectorDefined(selector) ? selector.trim() : undefined
      return [
        { endpoint: 'label_values', label, match },
        // Set to look up series, or not told what kind of server it talks to.
        { endpoint: 'series', match: match ?? `{${label}!=""}` },
      ]
    }
  }
}

/** What Grafana, old and new, asks for a query with these values. */
export function asksOf(
  query: DashboardQuery,
  variables: readonly Variable[],
  values: Values,
): readonly Ask[] {
  const text = interpolate(query.text, variables, values)
  if (query.kind === 'variable') return variableAsks(text)
  const asked: Ask = { endpoint: 'query', query: text }
  return query.exemplars === true ? [asked, { endpoint: 'query_exemplars', query: text }] : [asked]
}

function matchesOf(match: string | undefined): readonly VectorSelector[] {
  return match === undefined ? [] : [parseSelector(match)]
}

/** The same as a question to a capability. @throws GatehouseError `bad_data` if a text is not PromQL. */
export function requestOf(ask: Ask): CapabilityRequest {
  switch (ask.endpoint) {
    case 'query':
      return { kind: 'expr', expr: parse(ask.query) }
    case 'query_exemplars':
      return { kind: 'exemplars', expr: parse(ask.query) }
    case 'label_values':
      return { kind: 'label-values', label: ask.label, matches: matchesOf(ask.match) }
    case 'labels':
      return { kind: 'label-names', matches: matchesOf(ask.match) }
    case 'series':
      return { kind: 'series', matches: matchesOf(ask.match) }
  }
}

/** The expression or selector of a request; undefined if it has none. */
export function exprOf(request: CapabilityRequest): Expr | undefined {
  return request.kind === 'expr' || request.kind === 'exemplars' ? request.expr : request.matches[0]
}

/** The request with another expression or selector; undefined if that is no selector where one has to be. */
export function withExpr(request: CapabilityRequest, expr: Expr): CapabilityRequest | undefined {
  if (request.kind === 'expr' || request.kind === 'exemplars') return { ...request, expr }
  return expr.kind === 'VectorSelector' ? { ...request, matches: [expr] } : undefined
}
