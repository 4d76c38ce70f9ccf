import { GatehouseError } from '@gatehouse/errors'
import { type Expr, type Matcher, metricNameLabel, typeOf } from '@gatehouse/promql'
import { gridOf } from '../evaluate/grid.ts'
import { labelsOf } from '../evaluate/labels.ts'
import type { Labels } from '../evaluate/model.ts'
import { semanticsOf } from '../evaluate/semantics.ts'
import type { Conjunction, DataSource, TimeRange } from '../model.ts'
import { isSameMatcher } from '../partition/conjunction.ts'
import { printEnforced } from '../upstream-request.ts'
import { commonMatchers, enforceAny } from './alternatives.ts'
import { BeyondShards } from './beyond.ts'
import { createLeafMaker } from './leaves.ts'
import { createLocator } from './locality.ts'
import type { Beyond, EngineRequest, PassPlan, Plan } from './model.ts'
import { split } from './split.ts'
import { resolveRange } from './times.ts'
import { type Units, unitsOf } from './units.ts'

/** A query to plan. */
export interface PlanInput {
  /** As the caller wrote it: enforcement happens here, on every part that goes to a shard. */
  readonly expr: Expr
  /** The constraints as disjoint conjunctions, of `partition`. */
  readonly conjunctions: readonly Conjunction[]
  readonly source: Pick<DataSource, 'tenantLabel' | 'shards'>
  readonly range: TimeRange
  /** Lowest Prometheus version among the shards. */
  readonly version: string
  /** Step of sub-queries that name none, in ms: the shards' global evaluation interval. */
  readonly defaultStepMs: number
  /** Whether the data source has a global engine. */
  readonly hasEngine: boolean
}

/**
 * Plans a query over the shards of a data source: which of them evaluate what, and what is evaluated here over their answers.
 * Exact, or not at all.
 *
 * @throws GatehouseError `bad_data` for an expression that cannot be a range query; `execution`, naming the sub-expression,
 *   for what is not exact over several shards when no global engine is configured.
 */
export function planQuery(input: PlanInput): Plan {
  const { expr, range } = input
  assertQueryable(expr, range)
  const units = unitsOf(input.source, input.conjunctions)
  const where = createLocator(units)(expr)
  const pass = passPlan(input, units, where.units)
  if (pass !== undefined) return pass
  try {
    return evaluatePlan(input, units)
  } catch (error) {
    if (!(error instanceof BeyondShards)) throw error
    const request = engineRequest(input)
    if (request === undefined) throw refuse(error.beyond)
    return { kind: 'engine', request, range, beyond: error.beyond }
  }
}

/** What a caller is told when a query would not be exact and no global engine is there to take it. */
export function refuse({ text, because }: Beyond): GatehouseError {
  return new GatehouseError(
    'execution',
    `${text} cannot be computed exactly over several shards: ${because}. Select one tenant, or ask for a global engine on this data source`,
  )
}

function assertQueryable(expr: Expr, range: TimeRange): void {
  const type = typeOf(expr)
  if (range.step === 0 || type === 'vector' || type === 'scalar') return
  const name = type === 'matrix' ? 'range vector' : type
  throw new GatehouseError(
    'bad_data',
    `invalid parameter "query": invalid expression type "${name}" for range query, must be Scalar or instant Vector`,
  )
}

/** The plan for a query that reads one unit, or several units of one shard that one expression can cover. */
function passPlan(
  { expr, range }: PlanInput,
  units: Units,
  indices: ReadonlySet<number>,
): PassPlan | undefined {
  const read = units.list.filter((_, i) => indices.has(i))
  const [first] = read
  if (first === undefined || read.some((unit) => unit.shard !== first.shard)) return undefined
  const enforced = enforceAny(
    expr,
    read.map((unit) => unit.conjunction),
  )
  if (enforced === undefined) return undefined
  const request = { id: 0, shard: first.shard.name, expr: enforced, text: printEnforced(enforced), range }
  return { kind: 'pass', request, range }
}

function evaluatePlan(input: PlanInput, units: Units): Plan {
  const { range } = input
  const semantics = semanticsOf(input.version)
  const resolved = resolveRange(input.expr, range)
  const locate = createLocator(units)
  const leaves = createLeafMaker(units, locate)
  const root = split(resolved, gridOf(range), {
    locate,
    leaves,
    absentLabels: (expr) => absentLabels(expr, commonMatchers(input.conjunctions)),
    defaultStepMs: input.defaultStepMs,
    leftOpen: semantics.leftOpen,
  })
  return { kind: 'evaluate', root, requests: leaves.requests, range, semantics, engine: engineRequest(input) }
}

/** The whole query as one expression, for an engine that sees all shards. */
function engineRequest({ expr, range, conjunctions, hasEngine }: PlanInput): EngineRequest | undefined {
  const enforced = hasEngine ? enforceAny(expr, conjunctions) : undefined
  return enforced === undefined ? undefined : { expr: enforced, text: printEnforced(enforced), range }
}

/** Labels of `absent(expr)`: those that the selector pins by exactly one `=`. Anything but a selector has none. */
export function absentLabels(expr: Expr, constraints: Conjunction): Labels {
  const inner = expr.kind === 'ParenExpr' ? expr.expr : expr
  const selector = inner.kind === 'MatrixSelector' ? inner.vector : inner
  if (inner.kind === 'ParenExpr') return absentLabels(inner, constraints)
  if (selector.kind !== 'VectorSelector') return labelsOf([])
  const own = selector.matchers.filter((matcher) => !constraints.some((one) => isSameMatcher(one, matcher)))
  const pinned = new Map<string, string>()
  const seen = new Set<string>()
  for (const matcher of [...constraints, ...own]) pin(matcher, { pinned, seen })
  return labelsOf(pinned)
}

function pin(
  { name, op, value }: Matcher,
  { pinned, seen }: { pinned: Map<string, string>; seen: Set<string> },
): void {
  if (name === metricNameLabel) return
  if (op === '=' && !seen.has(name)) {
    pinned.set(name, value)
    seen.add(name)
  } else pinned.delete(name)
}
