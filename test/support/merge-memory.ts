import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { parse } from '@gatehouse/promql'
import { planQuery, type Shard } from '@gatehouse/query'
import type { MergeJob, MergeOutcome } from '../../services/gateway/src/merging/job.ts'

const range = { start: 1_700_000_000_000, end: 1_700_000_000_000 + 239 * 15_000, step: 15_000 }
const instant = { start: range.end, end: range.end, step: 0 }
const options = { timeout: undefined, lookbackDelta: undefined, limit: undefined, stats: undefined }

/** An expression over the answers of two shards, and how long these are together. */
export interface Merging {
  readonly query: string
  readonly isRange: boolean
  readonly bytes: number
}

/** Bytes: what two shards sent, what was made of it, and the most that the merging thread held meanwhile. */
export interface MergeMemory {
  readonly received: number
  readonly answer: number
  readonly held: number
  readonly ms: number
}

/** A chunk with memory of its own, as a socket gives it. */
function chunkOf(text: string): Buffer {
  return Buffer.from(new TextEncoder().encode(text).buffer)
}

function seriesText(n: number, tenant: string, isRange: boolean): string {
  const id = String(n).padStart(6, '0')
  const metric = `{"__name__":"x","container":"app-${n % 7}","instance":"10.0.${n % 250}.7:9100","namespace":"team-${n % 20}","pod":"app-${id}","tenant":"${tenant}"}`
  const value = (i: number): string => String(Math.round(Math.sin(n + i) * 1e9) / 1e3)
  if (!isRange) return `{"metric":${metric},"value":[${instant.start / 1000},"${value(0)}"]}`
  const values = Array.from({ length: 240 }, (_, i) => `[${(range.start + i * 15_000) / 1000},"${value(i)}"]`)
  return `{"metric":${metric},"values":[${values.join(',')}]}`
}

/** A shard's answer as Prometheus writes it. */
function bodyOf(tenant: string, { isRange, bytes }: Merging): Buffer[] {
  const chunks: Buffer[] = []
  let text = `{"status":"success","data":{"resultType":"${isRange ? 'matrix' : 'vector'}","result":[`
  let sent = 0
  for (let n = 0; sent < bytes / 2; n++) {
    const series = seriesText(n, tenant, isRange)
    text += `${n === 0 ? '' : ','}${series}`
    sent += series.length
    for (; text.length >= 65_536; text = text.slice(65_536)) chunks.push(chunkOf(text.slice(0, 65_536)))
  }
  return [...chunks, chunkOf(`${text}]}}`)]
}

const bodiesOf = (merging: Merging): Buffer[][] => ['a', 'b'].map((tenant) => bodyOf(tenant, merging))

const shard = (tenant: string): Shard => ({ name: tenant, slice: { tenants: [tenant] }, replicas: [] })

function jobOf({ query, isRange }: Merging): MergeJob {
  const evaluation = planQuery({
    expr: parse(query),
    conjunctions: [[{ name: 'tenant', op: '=~', value: 'a|b' }]],
    source: { tenantLabel: 'tenant', shards: [shard('a'), shard('b')] },
    range: isRange ? range : instant,
    now: 0,
    version: '2.53.3',
    defaultStepMs: undefined,
    hasEngine: false,
  })
  if (evaluation.kind !== 'evaluate') throw new Error(`${query} is not evaluated here`)
  const question = isRange
    ? ({ kind: 'query_range', query, range, options } as const)
    : ({ kind: 'query', query, time: instant.start, options } as const)
  return { kind: 'evaluation', question, evaluation, warnings: [] }
}

async function heldBy(worker: Worker): Promise<number> {
  const { used_heap_size, external_memory } = await worker.getHeapStatistics()
  return used_heap_size + external_memory
}

/** Bytes of the answer that the thread makes. */
async function merge(worker: Worker, merging: Merging, chunks: readonly Buffer[][]): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<{ outcome: MergeOutcome }>()
  worker.once('message', resolve)
  worker.once('error', reject)
  worker.postMessage(
    { id: 1, job: jobOf(merging), chunks },
    chunks.flat().map(({ buffer }) => buffer as ArrayBuffer),
  )
  const { outcome } = await promise
  if (outcome.kind !== 'answer') throw new Error(`no answer: ${JSON.stringify(outcome)}`)
  return outcome.body.length
}

/** Merges on a thread as the gateway's, and looks every few ms at the objects and buffers of that. */
export async function measureMerging(merging: Merging): Promise<MergeMemory> {
  const worker = new Worker(new URL('../../services/gateway/src/merging/thread.ts', import.meta.url))
  try {
    const small = { ...merging, bytes: 1_000 }
    await merge(worker, small, bodiesOf(small))
    const rest = await heldBy(worker)
    const chunks = bodiesOf(merging)
    const received = chunks.flat().reduce((sum, { length }) => sum + length, 0)
    const from = performance.now()
    let isDone = false
    const merged = merge(worker, merging, chunks).finally(() => (isDone = true))
    let most = 0
    for (; !isDone; await setTimeout(2)) most = Math.max(most, await heldBy(worker))
    return { received, answer: await merged, held: most - rest, ms: performance.now() - from }
  } finally {
    await worker.terminate()
  }
}
