import { GatehouseError } from '@gatehouse/errors'
import { type Expr, type Matcher, metricNameLabel, typeOf, walk } from '@gatehouse/promql'
import { gridOf } from '../evaluate/grid.ts'
import { labelsOf } from '../evaluate/labels.ts'
import type { Labels } from '../evaluate/model.ts'
import { semanticsOf } from '../evaluate/semantics.ts'
import type { Conjunction, DataSource, Shard, TimeRange } from '../model.ts'
import { isSameMatcher } from '../partition/conjunction.ts'
import { printEnforced } from '../upstream-request.ts'
import { commonMatchers, enforceAny } from './alternatives.ts'
import { BeyondShards } from './beyond.ts'
import { type Coverage, createCoverage } from './coverage.ts'
import { createLeafMaker } from './leaves.ts'
import { createLocator } from './locality.ts'
import type { Beyond, EngineRequest, PassPlan, Plan } from './model.ts'
import { absentFunctions, split } from './split.ts'
import { firstStepless, resolveRange, withDefaultStep } from './times.ts'
import { type Unit, type Units, unitsOf } from './units.ts'

/** A query to plan. */
export interface PlanInput {
  /** As the caller wrote it: enforcement happens here, on every part that goes to a shard. */
  readonly expr: Expr
  /** The constraints as disjoint conjunctions, of `partition`. */
  readonly conjunctions: readonly Conjunction[]
  readonly source: Pick<DataSource, 'tenantLabel' | 'shards'>
  readonly range: TimeRange
  /** ms since the epoch: what ages of samples count from. */
  readonly now: number
  /** Lookback that the caller asks for, ms; the servers' own unless given. */
  readonly lookbackMs?: number | undefined
  /** Lowest Prometheus version among the shards. */
  readonly version: string
  /** Step of sub-queries that name none, in ms: the shards' common evaluation interval; undefined if it is not known. */
  readonly defaultStepMs: number | undefined
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
  assertQueryable(input.expr, input.range)
  const units = unitsOf(input.source, input.conjunctions)
  const query: Query = {
    ...input,
    expr: withDefaultStep(input.expr, input.defaultStepMs),
    units,
    pinsLabels: pinsLabels(units, input.conjunctions),
    coverage: createCoverage({ now: input.now, lookbackMs: input.lookbackMs ?? 0 }),
  }
  const pass = passPlan(query)
  if (pass !== undefined) return pass
  try {
    assertSteps(query.expr)
    return evaluatePlan(query)
  } catch (error) {
    if (!(error instanceof BeyondShards)) throw error
    const request = engineRequest(query)
    if (request === undefined) throw refuse(error.beyond)
    return { kind: 'engine', request, range: input.range, beyond: error.beyond }
  }
}

/** A {@link PlanInput} with what is known of its data source. */
interface Query extends PlanInput {
  readonly units: Units
  /** Whether what is asked of shards names values of labels that no constraint does. */
  readonly pinsLabels: boolean
  readonly coverage: Coverage
}

/** Servers and what is evaluated here must agree on the steps of sub-queries; only one that answers alone may take its own. */
function assertSteps(expr: Expr): void {
  const stepless = firstStepless(expr)
  if (stepless === undefined) return
  throw new BeyondShards(
    stepless,
    'it names no step, and the evaluation interval that its shards would take instead is not the same or not known',
    'Name one, as in [5m:1m]',
  )
}

/** What a caller is told when a query would not be exact and no global engine is there to take it. */
export function refuse({ text, because, advice = 'Select one tenant' }: Beyond): GatehouseError {
  return new GatehouseError(
    'execution',
    `${text} cannot be computed exactly over several shards: ${because}. ${advice}, or ask for a global engine on this data source`,
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

/** The plan for a query that reads one shard's units, if one expression can cover them and the shard has all times. */
function passPlan(query: Query): PassPlan | undefined {
  const { expr, range, units } = query
  if (distortsAbsence(expr, query)) return undefined
  const where = createLocator(units)(expr)
  const read = units.list.filter((_, i) => where.units.has(i))
  const shards = read.map((unit) => wholeShard(unit, query))
  const [shard] = shards
  if (shard === undefined || shards.some((other) => other !== shard)) return undefined
  const enforced = enforceAny(
    expr,
    read.map((unit) => unit.conjunction),
  )
  if (enforced === undefined) return undefined
  const request = { id: 0, shard: shard.name, expr: enforced, text: printEnforced(enforced), range }
  return { kind: 'pass', request, range }
}

/** The shard of a unit that has all that the query reads of it. */
function wholeShard({ shards }: Unit, { expr, range, coverage }: Query): Shard | undefined {
  const [stretch, ...others] = coverage.stretches(resolveRange(expr, range), gridOf(range), shards) ?? []
  return others.length === 0 ? stretch?.shard : undefined
}

function pinsLabels({ list }: Units, conjunctions: readonly Conjunction[]): boolean {
  return list.some(({ conjunction }) =>
    conjunction.some((matcher) => matcher.op === '=' && !conjunctions.some((own) => own.includes(matcher))),
  )
}

/** `absent` takes labels from its selector, so what only says where series live must not stand in it. */
function distortsAbsence(expr: Expr, query: Pick<Query, 'pinsLabels'>): boolean {
  if (!query.pinsLabels) return false
  let asksAbsence = false
  walk(expr, (node) => {
    if (node.kind === 'Call' && absentFunctions.has(node.func)) asksAbsence = true
  })
  return asksAbsence
}

function evaluatePlan(query: Query): Plan {
  const { range, units, coverage } = query
  const semantics = semanticsOf(query.version)
  const resolved = resolveRange(query.expr, range)
  const locate = createLocator(units)
  const leaves = createLeafMaker({ units, locate, coverage })
  const root = split(resolved, gridOf(range), {
    locate,
    leaves,
    absentLabels: (expr) => absentLabels(expr, commonMatchers(query.conjunctions)),
    distortsAbsence: (expr) => distortsAbsence(expr, query),
    leftOpen: semantics.leftOpen,
  })
  return { kind: 'evaluate', root, requests: leaves.requests, range, semantics, engine: engineRequest(query) }
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
