import { GatehouseError } from '@gatehouse/errors'
import { unsupportedFeature } from '@gatehouse/promql'
import { type DataSource, type EnforcedText, pruneShards, type Shard } from '@gatehouse/query'
import type { Enforced } from './enforcer.ts'
import type { Question } from './question.ts'

/** What one shard is asked. */
export interface PlanStep {
  readonly shard: Shard
  readonly texts: readonly EnforcedText[]
}

/** How a question is answered: here, by one shard whose answer is passed through, or by several whose answers are united. */
export type Plan =
  | { readonly kind: 'local'; readonly steps: readonly [] }
  | { readonly kind: 'nothing'; readonly steps: readonly []; readonly warning: string }
  | { readonly kind: 'one'; readonly steps: readonly [PlanStep] }
  | { readonly kind: 'union'; readonly steps: readonly PlanStep[] }

const nothing: Plan = {
  kind: 'nothing',
  steps: [],
  warning: 'no series you may see can match: the selectors contradict what your grants admit',
}

function planExpression({ parts }: Enforced, source: DataSource): Plan {
  const [part] = parts
  if (part === undefined || parts.length > 1) {
    throw new GatehouseError(
      'execution',
      'your grants admit series by several alternatives; an expression over their union cannot be answered exactly',
    )
  }
  const shards = pruneShards(part.selectors, source)
  if (shards.length > 1) {
    throw new GatehouseError(
      'execution',
      `the expression needs series of ${shards.length} shards and cannot be answered exactly by one of them; narrow it to one tenant`,
    )
  }
  // Any shard evaluates what reads no series: numbers, times, and selectors that contradict the constraints.
  const shard = shards[0] ?? source.shards[0]
  if (shard === undefined) throw new GatehouseError('unavailable', 'the data source has no shards')
  return { kind: 'one', steps: [{ shard, texts: [part.text] }] }
}

function planLookup({ parts }: Enforced, source: DataSource): Plan {
  const texts = new Map<Shard, EnforcedText[]>()
  for (const part of parts) {
    for (const shard of pruneShards(part.selectors, source)) {
      const known = texts.get(shard)
      if (known === undefined) texts.set(shard, [part.text])
      else known.push(part.text)
    }
  }
  const steps = [...texts].map(([shard, own]) => ({ shard, texts: own }))
  const [first] = steps
  if (first === undefined) return nothing
  return steps.length === 1 ? { kind: 'one', steps: [first] } : { kind: 'union', steps }
}

/** Where a question is to be answered. */
export interface Target {
  readonly source: DataSource
  /** Lowest Prometheus version among its shards; undefined while none is known. */
  readonly version: string | undefined
}

/** Refuses what a shard's Prometheus does not know, or knows as something else. */
function checkFeatures({ parts }: Enforced, version: string | undefined): void {
  const [part] = parts
  const missing =
    version === undefined || part === undefined ? undefined : unsupportedFeature(part.expr, version)
  if (missing === undefined) return
  const { feature, since, removed } = missing
  const when =
    removed === undefined ? `needs Prometheus ${since}` : `is only in Prometheus ${since} up to ${removed}`
  throw new GatehouseError('bad_data', `${feature} ${when}; a shard of this data source runs ${version}`)
}

/** Chooses the shards of a question. @throws GatehouseError `bad_data`, `execution`, `unavailable` */
export type Planner = (question: Question, enforced: Enforced, target: Target) => Plan

interface Remembered extends Target {
  readonly plan: Plan
}

/** Creates a planner that remembers the plan of each enforced question for as long as its target is unchanged. */
export function createPlanner(): Planner {
  const plans = new WeakMap<Enforced, Remembered>()
  return (question, enforced, { source, version }) => {
    if (question.kind === 'buildinfo') return { kind: 'local', steps: [] }
    const known = plans.get(enforced)
    if (known?.source === source && known.version === version) return known.plan
    checkFeatures(enforced, version)
    const isExpression = question.kind === 'query' || question.kind === 'query_range'
    const plan = isExpression ? planExpression(enforced, source) : planLookup(enforced, source)
    plans.set(enforced, { source, version, plan })
    return plan
  }
}
