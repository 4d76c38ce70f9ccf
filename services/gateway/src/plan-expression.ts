import { GatehouseError } from '@gatehouse/errors'
import { type Expr, unsupportedFeature } from '@gatehouse/promql'
import { type DataSource, type LeafRequest, planQuery, type Shard, type TimeRange } from '@gatehouse/query'
import { type Access, accessKey, partitionsOf } from './access.ts'
import { createTextMemo } from './memo.ts'
import { createExpressionParser, readingParameter } from './parse.ts'
import type { Plan, PlanStep } from './plan.ts'

/** Prometheus's default evaluation interval: the step of sub-queries that name none. */
export const defaultStepMs = 60_000
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

/** A plan that passes a query through, which is the same for every time. */
interface PassingThrough {
  readonly source: DataSource
  readonly version: string | undefined
  readonly step: PlanStep
  readonly metrics: readonly string[]
}

/** Creates the planner of `query` and `query_range`. */
export function createExpressionPlanner() {
  const parse = createExpressionParser()
  const passing = createTextMemo<PassingThrough>()

  const plan = (query: string, range: TimeRange, access: Access): Plan => {
    const { source, version, constraints } = access
    const { expr, metrics } = parse(query)
    readingParameter('query', () => checkFeatures(expr, version))
    const planned = readingParameter('query', () =>
      planQuery({
        expr,
        conjunctions: partitionsOf(constraints),
        source,
        range,
        version: version ?? unknownVersion,
        defaultStepMs,
        now: Date.now(),
        hasEngine: false,
      }),
    )
    switch (planned.kind) {
      case 'pass':
        return { kind: 'pass', steps: [stepOf(source, planned.request)], metrics }
      case 'engine':
        throw new GatehouseError('internal', 'a plan for a global engine, which no data source has')
      case 'evaluate': {
        const steps = planned.requests.map((request) => stepOf(source, request))
        if (version === undefined && steps.length > 0)
          throw new GatehouseError('unavailable', 'no shard of the data source answers')
        return { kind: 'evaluate', steps, metrics, evaluation: planned }
      }
    }
  }

  return (query: string, range: TimeRange, access: Access): Plan => {
    const { source, version, constraints } = access
    // JSON holds no line break, so the parts of the key cannot run into each other.
    const key = `${range.step === 0}\n${accessKey(constraints)}\n${query}`
    const known = passing.get(key)
    if (known?.source === source && known.version === version)
      return { kind: 'pass', steps: [{ ...known.step, range }], metrics: known.metrics }
    const fresh = plan(query, range, access)
    if (fresh.kind === 'pass') {
      const [step] = fresh.steps
      passing.set(key, { source, version, step, metrics: fresh.metrics })
    }
    return fresh
  }
}
