import { type Expr, type Matcher, parse, print, selectors } from '@gatehouse/promql'
import type { Dashboard, DashboardQuery } from './dashboard.ts'
import {
  admitAdhoc,
  admitLookup,
  type AdmittedLookup,
  fixedPart,
  type FixedSelector,
  type KnownLookup,
  type Lookup,
} from './lookups.ts'
import { hasHoleText } from './holes.ts'
import { matchesTemplate } from './match.ts'
import { shapeOf } from './shape.ts'
import { compileTemplate, type Template } from './template.ts'
import { readVariableQuery } from './variable-call.ts'

/** What a viewer of a dashboard asks: the value of an expression, exemplars of its series, or what there is. */
export type CapabilityRequest =
  | { readonly kind: 'expr'; readonly expr: Expr }
  | { readonly kind: 'exemplars'; readonly expr: Expr }
  | Lookup

/** The query that admits a request, and what is to be answered instead of just what was asked. */
export type Admission = AdmittedLookup

/** A query of the dashboard that is no capability, and why. */
export interface Refused {
  readonly query: DashboardQuery
  readonly reason: string
}

/** One selector of an expression: its matchers without those that a variable decides. */
export interface Read {
  readonly query: DashboardQuery
  readonly matchers: readonly Matcher[]
}

/** The right to run exactly the queries of one dashboard, with any values its variables can have. */
export interface Capability {
  readonly uid: string | undefined
  readonly title: string
  /** Queries that compiled. */
  readonly granted: readonly DashboardQuery[]
  readonly refused: readonly Refused[]
  /** What the selectors of its expressions say of the series they read, whatever values the variables have. */
  readonly reads: readonly Read[]
  admits(request: CapabilityRequest): Admission | undefined
}

interface KnownExpression {
  readonly query: DashboardQuery
  readonly template: Template
}

interface Building {
  readonly dashboard: Dashboard
  /** By shape. */
  readonly expressions: Map<string, KnownExpression[]>
  readonly lookups: KnownLookup[]
}

function addExpression({ dashboard, expressions }: Building, query: DashboardQuery, text: string) {
  const compiled = compileTemplate(text, dashboard.variables, parse)
  if ('reason' in compiled) return compiled.reason
  for (const template of compiled.templates) {
    const shape = shapeOf(template.expr)
    expressions.set(shape, [...(expressions.get(shape) ?? []), { query, template }])
  }
  return undefined
}

/** Adds a query. Returns why it cannot be one. */
function addQuery(building: Building, query: DashboardQuery): string | undefined {
  if (query.kind !== 'variable') return addExpression(building, query, query.text)
  const read = readVariableQuery(query, building.dashboard.variables)
  if ('reason' in read) return read.reason
  if ('expr' in read) return addExpression(building, query, read.expr)
  building.lookups.push(...read.lookups)
  return undefined
}

/** What the queries of panels and annotations are about, for ad-hoc filters. */
function fixedSelectors({ expressions }: Building): readonly FixedSelector[] {
  const fixed = [...expressions.values()].flat().flatMap(({ query, template }) =>
    query.kind === 'variable'
      ? []
      : selectors(template.expr).flatMap((one) => {
          const selector = fixedPart(one)
          return selector === undefined ? [] : [{ query, selector }]
        }),
  )
  return [...new Map(fixed.map((one) => [print(one.selector), one])).values()]
}

function readsOf({ expressions }: Building): readonly Read[] {
  const all = [...expressions.values()].flat().flatMap(({ query, template }) =>
    selectors(template.expr).map(({ name, matchers }): Read => {
      const named: Matcher[] = name === undefined ? [] : [{ name: '__name__', op: '=', value: name }]
      return { query, matchers: [...named, ...matchers.filter(({ value }) => !hasHoleText(value))] }
    }),
  )
  return [...new Map(all.map((read) => [JSON.stringify(read), read])).values()]
}

/** Compiles a dashboard to the capability its viewers have. */
export function compileCapability(dashboard: Dashboard): Capability {
  const adhoc = dashboard.variables.some(({ kind }) => kind === 'adhoc')
  const building: Building = { dashboard, expressions: new Map(), lookups: [] }
  const granted: DashboardQuery[] = []
  const refused: Refused[] = []
  for (const query of dashboard.queries) {
    const reason = addQuery(building, query)
    if (reason === undefined) granted.push(query)
    else refused.push({ query, reason })
  }
  const fixed = adhoc ? fixedSelectors(building) : []
  const admitsExpr = (expr: Expr, isMeant: (query: DashboardQuery) => boolean): Admission | undefined => {
    const found = building.expressions
      .get(shapeOf(expr))
      ?.find(({ query, template }) => isMeant(query) && matchesTemplate(template, expr, { adhoc }))
    return found && { query: found.query, instead: undefined }
  }
  return {
    uid: dashboard.uid,
    title: dashboard.title,
    granted,
    refused,
    reads: readsOf(building),
    admits(request) {
      switch (request.kind) {
        case 'expr':
          return admitsExpr(request.expr, () => true)
        case 'exemplars':
          return admitsExpr(request.expr, ({ exemplars }) => exemplars === true)
        default:
          return admitLookup(building.lookups, request) ?? admitAdhoc(fixed, request)
      }
    },
  }
}
