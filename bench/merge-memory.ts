// What merging holds at its most, beside the size of what it is given and gives back: `node bench/merge-memory.ts [MB]`.
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { parse } from '@gatehouse/promql'
import { planQuery, type Shard } from '@gatehouse/query'
import type { MergeOutcome } from '../services/gateway/src/merging/job.ts'

const range = { start: 1_700_000_000_000, end: 1_700_000_000_000 + 239 * 15_000, step: 15_000 }
const instant = { start: range.end, end: range.end, step: 0 }
const options = { timeout: undefined, lookbackDelta: undefined, limit: undefined, stats: undefined }

interface Sending {
  readonly tenant: string
  readonly isRange: boolean
  readonly bytes: number
}

/** A shard's answer as Prometheus writes it, in chunks as a socket gives them. */
function bodyOf({ tenant, isRange, bytes }: Sending): Buffer[] {
  const chunks: Buffer[] = []
  const type = isRange ? 'matrix' : 'vector'
  let text = `{"status":"success","data":{"resultType":"${type}","result":[`
  let sent = 0
  for (let n = 0; sent < bytes; n++) {
    const series = seriesText(n, tenant, isRange)
    text += `${n === 0 ? '' : ','}${series}`
    sent += series.length
    while (text.length >= 65_536) {
      chunks.push(Buffer.from(new Uint8Array(Buffer.from(text.slice(0, 65_536))).buffer))
      text = text.slice(65_536)
    }
  }
  chunks.push(Buffer.from(new Uint8Array(Buffer.from(`${text}]}}`)).buffer))
  return chunks
}

function seriesText(n: number, tenant: string, isRange: boolean): string {
  const id = String(n).padStart(6, '0')
  const metric = `{"__name__":"x","container":"app-${n % 7}","instance":"10.0.${n % 250}.7:9100","namespace":"team-${n % 20}","pod":"app-${id}","tenant":"${tenant}"}`
  const value = (i: number): string => String(Math.round(Math.sin(n + i) * 1e9) / 1e3)
  if (!isRange) return `{"metric":${metric},"value":[${instant.start / 1000},"${value(0)}"]}`
  const values = Array.from({ length: 240 }, (_, i) => `[${(range.start + i * 15_000) / 1000},"${value(i)}"]`)
  return `{"metric":${metric},"values":[${values.join(',')}]}`
}

const shard = (tenant: string): Shard => ({ name: tenant, slice: { tenants: [tenant] }, replicas: [] })

function jobOf(query: string, isRange: boolean) {
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
    ? { kind: 'query_range', query, range, options }
    : { kind: 'query', query, time: instant.start, options }
  return { kind: 'evaluation', question, evaluation, warnings: [] }
}

async function heldBy(worker: Worker): Promise<number> {
  const { used_heap_size, external_memory } = await worker.getHeapStatistics()
  return used_heap_size + external_memory
}

async function measure(query: string, isRange: boolean, bytes: number): Promise<void> {
  const worker = new Worker(new URL('../services/gateway/src/merging/thread.ts', import.meta.url))
  const { promise, resolve, reject } = Promise.withResolvers<{ outcome: MergeOutcome }>()
  await new Promise((ready) => worker.once('online', ready))
  await setTimeout(1500)
  const rest = await heldBy(worker)
  const chunks = ['a', 'b'].map((tenant) => bodyOf({ tenant, isRange, bytes: bytes / 2 }))
  const received = chunks.flat().reduce((sum, { length }) => sum + length, 0)
  worker.once('message', resolve)
  worker.once('error', reject)
  const from = performance.now()
  let most = 0
  let ended = false
  void promise.finally(() => (ended = true))
  const job = jobOf(query, isRange)
  worker.postMessage(
    { id: 1, job, chunks },
    chunks.flat().map(({ buffer }) => buffer as ArrayBuffer),
  )
  let samples = 0
  while (!ended) {
    most = Math.max(most, await heldBy(worker))
    samples++
    await setTimeout(2)
  }
  const { outcome } = await promise
  if (outcome.kind !== 'answer') throw new Error(JSON.stringify(outcome).slice(0, 300))
  const answer = outcome.body.length
  const ms = Math.round(performance.now() - from)
  const mb = (n: number) => (n / 1e6).toFixed(1).padStart(6)
  console.log(
    `${(isRange ? 'range ' : 'instant ') + query}`.padEnd(46),
    `received ${mb(received)} answer ${mb(answer)} most ${mb(most - rest)} = ${((most - rest) / Math.max(received, answer)).toFixed(2)} × larger, ${((most - rest) / (received + answer)).toFixed(2)} × both; ${ms} ms, ${samples} samples, rest ${mb(rest)}`,
  )
  await worker.terminate()
}

const bytes = Number(process.argv[2] ?? 100) * 1e6
await measure('x', true, bytes)
await measure('x', false, bytes)
await measure('quantile(0.5, x)', true, bytes)
await measure('quantile(0.5, x)', false, bytes)
await measure('topk(3, x)', true, bytes)
await measure('sort(x)', false, bytes)
