import { GatehouseError } from '@gatehouse/errors'
import { type Expr, selectors, unsupportedFeature } from '@gatehouse/promql'
import {
  type Conjunction,
  type DataSource,
  type EngineRequest,
  type LeafRequest,
  planQuery,
  type Plan as QueryPlan,
  type Shard,
  type TimeRange,
} from '@gatehouse/query'
import { type Access, accessKey, coverFor, partitionsOf } from './access.ts'
import { createTextMemo } from './memo.ts'
import { createExpressionParser, readingParameter } from './parse.ts'
import { contradiction } from './contradiction.ts'
import type { Plan, PlanStep } from './plan.ts'

/** What is assumed of shards that never answered; only a plan that passes the query through can do with it. */
export const unknownVersion = '2.0'

/** Refuses what a shard's Prometheus does not know, or knows as something else. */
export function checkFeatures(expr: Expr, version: string | undefined): void {
  const missing = version === undefined ? undefined : unsupportedFeature(expr, version)
  if (missing === undefined) return
  const { feature, since, removed } = missing
  const when =
    removed === undefined ? `needs Prometheus ${since}` : `is only in Prometheus ${since} up to ${removed}`
  throw new GatehouseError('bad_data', `${feature} ${when}; a shard of this data source runs ${version}`)
}

function shardNamed({ shards }: DataSource, name: string): Shard {
  const shard = shards.find((candidate) => candidate.name === name)
  if (shard === undefined) throw new GatehouseError('internal', `a plan for an unknown shard ${name}`)
  return shard
}

function stepOf(source: DataSource, { shard, text, range }: LeafRequest): PlanStep {
  return { shard: shardNamed(source, shard), texts: [text], range }
}

function engineStep({ engine }: DataSource, { text, range }: EngineRequest): PlanStep {
  if (engine === undefined) throw new GatehouseError('internal', 'a plan for an engine that is not there')
  return { shard: engine, texts: [text], range }
}

/** A plan that passes a query through, which is the same for every time. */
interface PassingThrough {
  readonly source: DataSource
  readonly version: string | undefined
  readonly step: PlanStep
  readonly metrics: readonly string[]
}

/** An expression, and the times at which it is asked for. */
export interface AskedExpression {
  readonly query: string
  readonly range: TimeRange
  /** Lookback asked for, ms. */
  readonly lookbackMs: number | undefined
}

/** Plans with what backends enforce left to them. Undefined if they do not, or if it is not exact: an engine knows of no policies. */
function planNatively(expr: Expr, asked: AskedExpression, access: Access): QueryPlan | undefined {
  const cover = access.handsOver === true ? coverFor(access) : undefined
  if (cover === undefined) return undefined
  try {
    return planFor(expr, asked, { access, conjunctions: cover, hasEngine: false })
  } catch (error) {
    if (error instanceof GatehouseError && error.code === 'execution') return undefined
    throw error
  }
}

function planFor(
  expr: Expr,
  { range, lookbackMs }: AskedExpression,
  how: {
    readonly access: Access
    readonly conjunctions: readonly Conjunction[]
    readonly hasEngine: boolean
  },
): QueryPlan {
  const { access, conjunctions, hasEngine } = how
  const { source, version, evaluationInterval } = access
  return planQuery({
    expr,
    conjunctions,
    source,
    range,
    lookbackMs,
    now: Date.now(),
    version: version ?? unknownVersion,
    defaultStepMs: evaluationInterval,
    hasEngine,
  })
}

/** Plans a parsed expression for an access, as of now. @throws GatehouseError `bad_data`, `execution` */
export function planAccess(expr: Expr, asked: AskedExpression, access: Access): QueryPlan {
  const { source, version, constraints } = access
  readingParameter('query', () => checkFeatures(expr, version))
  return readingParameter('query', () => {
    const natively = planNatively(expr, asked, access)
    if (natively !== undefined) return natively
    const hasEngine = source.engine !== undefined
    return planFor(expr, asked, { access, conjunctions: partitionsOf(constraints), hasEngine })
  })
}

/** Whether a plan holds for other times, too: not where shards hold different times. */
function isTimeless({ shards }: DataSource): boolean {
  return shards.every(({ slice }) => slice.samples === undefined)
}

/** Creates the planner of `query` and `query_range`. */
export function createExpressionPlanner() {
  const parse = createExpressionParser()
  const passing = createTextMemo<PassingThrough>()

  const plan = (asked: AskedExpression, access: Access): Plan => {
    const { source, version } = access
    const { expr, metrics } = parse(asked.query)
    const planned = planAccess(expr, asked, access)
    switch (planned.kind) {
      case 'pass':
        return { kind: 'pass', steps: [stepOf(source, planned.request)], metrics }
      case 'engine':
        return { kind: 'engine', steps: [engineStep(source, planned.request)], metrics }
      case 'evaluate': {
        const steps = planned.requests.map((request) => stepOf(source, request))
        if (version === undefined && steps.length > 0)
          throw new GatehouseError('unavailable', 'no shard of the data source answers')
        const engine = planned.engine === undefined ? undefined : engineStep(source, planned.engine)
        const warnings = steps.length === 0 && selectors(expr).length > 0 ? [contradiction] : []
        return { kind: 'evaluate', steps, metrics, evaluation: planned, warnings, engine }
      }
    }
  }

  return (asked: AskedExpression, access: Access): Plan => {
    const { source, version, constraints, evaluationInterval, handsOver = false } = access
    const { query, range } = asked
    // JSON holds no line break, so the parts of the key cannot run into each other.
    const key = `${range.step === 0} ${evaluationInterval} ${handsOver}\n${accessKey(constraints)}\n${query}`
    const known = passing.get(key)
    if (known?.source === source && known.version === version)
      return { kind: 'pass', steps: [{ ...known.step, range }], metrics: known.metrics }
    const fresh = plan(asked, access)
    if (fresh.kind === 'pass' && isTimeless(source)) {
      const [step] = fresh.steps
      passing.set(key, { source, version, step, metrics: fresh.metrics })
    }
    return fresh
  }
}
