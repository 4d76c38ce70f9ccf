import { GatehouseError } from '@gatehouse/errors'
import { parse } from '@gatehouse/promql'
import { planQuery, type Shard } from '@gatehouse/query'
import { afterAll, describe, expect, it } from 'vitest'
import type { Question } from '../question.ts'
import type { Forwarded } from '../requests.ts'
import { createMerger } from './merger.ts'

const merger = createMerger()
afterAll(() => merger.close())
const { signal } = new AbortController()
const options = { timeout: undefined, lookbackDelta: undefined, limit: undefined, stats: undefined }

const points = 240
const range = { start: 0, end: (points - 1) * 15_000, step: 15_000 }

/** One series as Prometheus writes it. */
function seriesText(tenant: string, n: number): string {
  const values = Array.from({ length: points }, (_, i) => `[${i * 15},"${n}.5"]`)
  return `{"metric":{"instance":"${String(n).padStart(6, '0')}","tenant":"${tenant}"},"values":[${values.join(',')}]}`
}

/** A shard's answer in chunks as a socket gives them. */
function bodyOf(tenant: string, series: number): Buffer[] {
  const texts = Array.from({ length: series }, (_, n) => seriesText(tenant, n))
  const text = `{"status":"success","data":{"resultType":"matrix","result":[${texts.join(',')}]}}`
  const whole = Buffer.from(text.slice(10))
  const chunks = Array.from({ length: Math.ceil(whole.length / 65_536) }, (_, i) =>
    Buffer.from(new Uint8Array(whole.subarray(i * 65_536, (i + 1) * 65_536)).buffer),
  )
  // A short one comes from the pool that all short buffers share.
  return [Buffer.from(text.slice(0, 10)), ...chunks]
}

const shard = (tenant: string): Shard => ({ name: tenant, slice: { tenants: [tenant] }, replicas: [] })

function evaluationOf(query: string) {
  const plan = planQuery({
    expr: parse(query),
    conjunctions: [[{ name: 'tenant', op: '=~', value: 'a|b' }]],
    source: { tenantLabel: 'tenant', shards: [shard('a'), shard('b')] },
    range,
    now: 0,
    version: '2.53.3',
    defaultStepMs: undefined,
    hasEngine: false,
  })
  if (plan.kind !== 'evaluate') throw new Error('not evaluated here')
  return plan
}

async function merged(query: string, series: number) {
  const question: Question & Forwarded = { kind: 'query_range', query, range, options }
  const job = { kind: 'evaluation', question, evaluation: evaluationOf(query), warnings: [] } as const
  const outcome = await merger.merge(job, [bodyOf('a', series), bodyOf('b', series)], signal)
  if (outcome.kind !== 'answer') throw new Error('no answer')
  const { answer } = outcome
  return answer.kind === 'bytes' ? answer.body.toString() : ''
}

describe('merging', () => {
  it.each([2, 200])('unites %i series of each shard byte for byte, in the order of labels', async (n) => {
    const numbers = Array.from({ length: n }, (_, i) => i)
    const texts = numbers.flatMap((i) => [seriesText('a', i), seriesText('b', i)])
    expect(await merged('x', n)).toBe(
      `{"status":"success","data":{"resultType":"matrix","result":[${texts.join(',')}]}}`,
    )
  })

  it.each([2, 200])('computes over %i series of each shard', async (n) => {
    const answer = JSON.parse(await merged('quantile(1, x) + 1', n)) as {
      data: { result: { values: unknown[] }[] }
    }
    expect(answer.data.result[0]?.values.at(-1)).toEqual([range.end / 1000, String(n + 0.5)])
  })

  it('refuses what is no answer in the same words on either thread', async () => {
    const job = {
      kind: 'evaluation',
      question: { kind: 'query_range', query: 'x', range, options },
      evaluation: evaluationOf('x'),
      warnings: [],
    } as const
    for (const size of [10, 400_000]) {
      const body = Buffer.from(`{"status":"success","data":[${'1,'.repeat(size)}`)
      const refused = merger.merge(job, [[body], bodyOf('b', 1)], signal)
      await expect(refused).rejects.toThrow(GatehouseError)
      await expect(refused).rejects.toMatchObject({ code: 'bad_gateway' })
    }
  })

  it('refuses what is not UTF-8 although it is only passed on', async () => {
    const job = {
      kind: 'evaluation',
      question: { kind: 'query_range', query: 'x', range, options },
      evaluation: evaluationOf('x'),
      warnings: [],
    } as const
    const body = Buffer.concat(bodyOf('a', 1))
    body[body.indexOf('.5')] = 0xff
    await expect(merger.merge(job, [[body], bodyOf('b', 1)], signal)).rejects.toMatchObject({
      code: 'bad_gateway',
    })
  })

  it('gives up when its request is over', async () => {
    const over = new AbortController()
    const job = {
      kind: 'evaluation',
      question: { kind: 'query_range', query: 'x', range, options },
      evaluation: evaluationOf('x'),
      warnings: [],
    } as const
    const merging = merger.merge(job, [bodyOf('a', 200), bodyOf('b', 200)], over.signal)
    over.abort(new GatehouseError('canceled', 'gone'))
    await expect(merging).rejects.toMatchObject({ code: 'canceled' })
  })

  it('refuses to hold more than there is room for', () => {
    expect(() => merger.hold(600_000_000)).toThrow('too many large answers')
    merger.release(600_000_000)
    expect(() => merger.hold(1)).not.toThrow()
    merger.release(1)
  })
})
