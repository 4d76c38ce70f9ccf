import type { Prometheus, PrometheusVersion } from '@gatehouse/local'
import { GatehouseError } from '@gatehouse/errors'
import { parse } from '@gatehouse/promql'
import {
  type Conjunction,
  evaluate,
  type LeafAnswer,
  partition,
  type Plan,
  planQuery,
  renderResult,
  type ShardSlice,
  type TimeRange,
} from '@gatehouse/query'
import { request } from 'undici'

/** What a query came to: its `data` and notes, or the error's text. */
export type Outcome =
  | {
      readonly kind: 'data'
      readonly data: unknown
      readonly warnings: readonly string[]
      readonly infos: readonly string[]
    }
  | { readonly kind: 'error'; readonly error: string }

/** Who computed an answer. */
export type AnsweredBy = 'passed through' | 'evaluated here' | 'engine' | 'refused'

/** A shard: a server, and what of the series it holds. */
export interface Place {
  readonly name: string
  readonly server: Prometheus
  readonly slice: ShardSlice
}

/** Shards under test. */
export interface Setup {
  readonly version: PrometheusVersion
  readonly shards: readonly Place[]
  readonly alternatives: readonly Conjunction[]
  readonly engine: Prometheus | undefined
}

/** At which all servers evaluate: the step of sub-queries that name none. Not Prometheus's default. */
export const evaluationIntervalMs = 45_000

interface Envelope {
  readonly status: string
  readonly data?: unknown
  readonly error?: string
  readonly warnings?: readonly string[]
  readonly infos?: readonly string[]
}

/** Asks a Prometheus. */
export async function ask(server: Prometheus, query: string, range: TimeRange): Promise<Outcome> {
  const form = new URLSearchParams({ query })
  const seconds = (ms: number) => (ms / 1000).toFixed(3)
  if (range.step === 0) form.set('time', seconds(range.start))
  else {
    form.set('start', seconds(range.start))
    form.set('end', seconds(range.end))
    form.set('step', seconds(range.step))
  }
  const path = range.step === 0 ? 'query' : 'query_range'
  // Tens of thousands of small answers: uncompressed, and without the cost of fetch, which is more than theirs.
  const response = await request(`${server.url}/api/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  })
  const body = (await response.body.json()) as Envelope
  if (body.status !== 'success') return { kind: 'error', error: body.error ?? '' }
  return { kind: 'data', data: body.data, warnings: body.warnings ?? [], infos: body.infos ?? [] }
}

const known = new Map<string, Promise<Outcome>>()

/** As {@link ask}, but the same question once: the data never changes, and expressions and data sources share much. */
export function askOnce(server: Prometheus, query: string, range: TimeRange): Promise<Outcome> {
  const key = `${server.url} ${range.start} ${range.end} ${range.step} ${query}`
  const outcome = known.get(key) ?? ask(server, query, range)
  known.set(key, outcome)
  return outcome
}

/** Answers a query from shards, as the gateway does: plan, ask, evaluate; the engine takes what is beyond. */
export async function answer(
  setup: Setup,
  query: string,
  range: TimeRange,
): Promise<{ by: AnsweredBy; outcome: Outcome }> {
  try {
    return await execute(setup, planFor(setup, query, range))
  } catch (error) {
    if (!(error instanceof GatehouseError)) throw error
    const by = error.message.includes('cannot be computed exactly') ? 'refused' : 'evaluated here'
    return { by, outcome: { kind: 'error', error: error.message } }
  }
}

export function planFor(setup: Setup, query: string, range: TimeRange): Plan {
  return planQuery({
    expr: parse(query),
    conjunctions: partition({ alternatives: setup.alternatives }),
    source: {
      tenantLabel: 'tenant',
      shards: setup.shards.map(({ name, slice }) => ({ name, slice, replicas: [] })),
    },
    range,
    version: setup.version === '2' ? '2.53' : '3.5',
    defaultStepMs: evaluationIntervalMs,
    now: Date.now(),
    hasEngine: setup.engine !== undefined,
  })
}

async function execute(setup: Setup, plan: Plan): Promise<{ by: AnsweredBy; outcome: Outcome }> {
  const serverOf = (shard: string) => {
    const found = setup.shards.find(({ name }) => name === shard)
    if (found === undefined) throw new Error(`the plan asks a shard ${shard} that is not there`)
    return found.server
  }
  if (plan.kind === 'pass') {
    const outcome = await askOnce(serverOf(plan.request.shard), plan.request.text, plan.range)
    return { by: 'passed through', outcome }
  }
  if (plan.kind === 'engine') return askEngine(setup, plan.request.text, plan.range)
  const answers = new Map<number, LeafAnswer>()
  for (const request of plan.requests) {
    const outcome = await askOnce(serverOf(request.shard), request.text, request.range)
    // A shard's refusal is the query's.
    if (outcome.kind === 'error') return { by: 'evaluated here', outcome }
    const { data, warnings, infos } = outcome
    answers.set(request.id, { data, warnings, infos })
  }
  const evaluation = evaluate(plan, answers)
  if (evaluation.kind === 'beyond') {
    if (plan.engine === undefined) {
      return { by: 'refused', outcome: { kind: 'error', error: evaluation.beyond.because } }
    }
    return askEngine(setup, plan.engine.text, plan.range)
  }
  // Through the text, so that what a client reads is what is compared.
  const data: unknown = JSON.parse([...renderResult(evaluation.result)].join(''))
  const { warnings, infos } = evaluation
  return { by: 'evaluated here', outcome: { kind: 'data', data, warnings, infos } }
}

async function askEngine(
  setup: Setup,
  text: string,
  range: TimeRange,
): Promise<{ by: AnsweredBy; outcome: Outcome }> {
  if (setup.engine === undefined) throw new Error('the plan asks an engine that is not there')
  return { by: 'engine', outcome: await ask(setup.engine, text, range) }
}
