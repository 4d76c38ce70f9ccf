import { type Expr, parse, parseSelector, type VectorSelector } from '@gatehouse/promql'
import type { Dashboard, DashboardQuery } from './dashboard.ts'
import { type MatchOptions, matchesTemplate } from './match.ts'
import { shapeOf } from './shape.ts'
import { type Compiled, compileTemplate, type Template } from './template.ts'

/** What a viewer of a dashboard asks: an expression, or the values behind a variable. */
export type CapabilityRequest =
  | { readonly kind: 'expr'; readonly expr: Expr }
  | { readonly kind: 'label-values'; readonly label: string; readonly matches: readonly VectorSelector[] }

/** A query of the dashboard that is no capability, and why. */
export interface Refused {
  readonly query: DashboardQuery
  readonly reason: string
}

/** The right to run exactly the queries of one dashboard, with any values its variables can have. */
export interface Capability {
  readonly uid: string | undefined
  readonly title: string
  /** Queries that compiled. */
  readonly granted: readonly DashboardQuery[]
  readonly refused: readonly Refused[]
  /** The query that admits this request, if one does. */
  admits(request: CapabilityRequest): DashboardQuery | undefined
}

interface LabelValues {
  readonly query: DashboardQuery
  readonly label: string
  readonly selectors: readonly Template[] | undefined
}

/** Compiles a dashboard to the capability its viewers have. */
export function compileCapability(dashboard: Dashboard): Capability {
  const options: MatchOptions = { adhoc: dashboard.variables.some(({ kind }) => kind === 'adhoc') }
  const expressions = new Map<string, { query: DashboardQuery; template: Template }[]>()
  const labelValues: LabelValues[] = []
  const granted: DashboardQuery[] = []
  const refused: Refused[] = []
  for (const query of dashboard.queries) {
    const reason = addQuery({ query, dashboard, expressions, labelValues })
    if (reason === undefined) granted.push(query)
    else refused.push({ query, reason })
  }
  const admitsExpr = (expr: Expr): DashboardQuery | undefined =>
    expressions.get(shapeOf(expr))?.find(({ template }) => matchesTemplate(template, expr, options))?.query
  const admitsValues = (
    label: string | undefined,
    matches: readonly VectorSelector[],
  ): DashboardQuery | undefined =>
    labelValues.find((known) => known.label === label && admitsMatches(known, matches, options))?.query
  return {
    uid: dashboard.uid,
    title: dashboard.title,
    granted,
    refused,
    admits: (request) => {
      switch (request.kind) {
        case 'expr':
          return admitsExpr(request.expr)
        case 'label-values':
          return admitsValues(request.label, request.matches)
      }
    },
  }
}

function admitsMatches(
  known: LabelValues,
  matches: readonly VectorSelector[],
  options: MatchOptions,
): boolean {
  if (known.selectors === undefined) return matches.length === 0
  return (
    matches.length === 1 &&
    matches.every((match) => known.selectors?.some((template) => matchesTemplate(template, match, options)))
  )
}

interface Building {
  readonly query: DashboardQuery
  readonly dashboard: Dashboard
  readonly expressions: Map<string, { query: DashboardQuery; template: Template }[]>
  readonly labelValues: LabelValues[]
}

function addQuery({ query, dashboard, expressions, labelValues }: Building): string | undefined {
  const add = (compiled: Compiled): string | undefined => {
    if ('reason' in compiled) return compiled.reason
    for (const template of compiled.templates) {
      const shape = shapeOf(template.expr)
      expressions.set(shape, [...(expressions.get(shape) ?? []), { query, template }])
    }
    return undefined
  }
  if (query.kind !== 'variable') return add(compileTemplate(query.text, dashboard.variables, parse))
  const call = variableCall(query.text)
  if (call === undefined) return 'not label_values() or query_result()'
  if (call.function === 'query_result') return add(compileTemplate(call.argument, dashboard.variables, parse))
  if (call.selector === undefined) {
    labelValues.push({ query, label: call.label, selectors: undefined })
    return undefined
  }
  const compiled = compileTemplate(call.selector, dashboard.variables, parseSelector)
  if ('reason' in compiled) return compiled.reason
  labelValues.push({ query, label: call.label, selectors: compiled.templates })
  return undefined
}

type VariableCall =
  | { readonly function: 'query_result'; readonly argument: string }
  | { readonly function: 'label_values'; readonly label: string; readonly selector: string | undefined }

/** Reads `label_values([selector,] label)` and `query_result(expr)`, the forms a Prometheus variable has. */
function variableCall(text: string): VariableCall | undefined {
  const result = /^\s*query_result\(([\s\S]+)\)\s*$/.exec(text)?.[1]
  if (result !== undefined) return { function: 'query_result', argument: result }
  const values = /^\s*label_values\((?:([\s\S]+),)?\s*([a-zA-Z_]\w*)\s*\)\s*$/.exec(text)
  if (values?.[2] === undefined) return undefined
  const selector = values[1]?.trim()
  return { function: 'label_values', label: values[2], selector: selector === '' ? undefined : selector }
}
