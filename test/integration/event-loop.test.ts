import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { parseMatchers } from '@gatehouse/promql'
import { afterAll, describe, expect, it } from 'vitest'
import type { MergeJob } from '../../services/gateway/src/merging/job.ts'
import { createMerger } from '../../services/gateway/src/merging/merger.ts'

/** Almost the most that is read of an answer that is filtered, or scraped. */
const bytes = 31_000_000
const merger = createMerger()
afterAll(() => merger.close())
const { signal } = new AbortController()

function repeated(text: (n: number) => string, separator: string): string {
  const count = Math.floor(bytes / (text(99_999).length + separator.length))
  return Array.from({ length: count }, (_, n) => text(n)).join(separator)
}

const constraints = { alternatives: [parseMatchers('{tenant="a"}')] }
const selection = { type: undefined, names: [], groups: [], files: [], matches: [], excludeAlerts: false }

const works: readonly (readonly [name: string, job: MergeJob, text: () => string])[] = [
  [
    'an exposition',
    {
      kind: 'federation',
      dropped: [new Map([['replica', new Set(['r1'])]])],
      exposition: { format: 'openmetrics', isUtf8: false },
    },
    () =>
      `# TYPE m untyped\n${repeated((n) => `m{pod="app-${n}",replica="r1",tenant="a"} ${n}.5 1700000000000`, '\n')}\n`,
  ],
  [
    'rules',
    { kind: 'filter', question: { kind: 'rules', selection }, constraints, alerts: undefined },
    () =>
      `{"status":"success","data":{"groups":[${repeated((n) => `{"name":"g","rules":[{"type":"recording","name":"r${n}","query":"rate(x{tenant=\\"a\\"}[5m])","labels":{"tenant":"a"}}]}`, ',')}]}}`,
  ],
  [
    'targets',
    {
      kind: 'filter',
      question: { kind: 'targets', state: 'active', scrapePool: '' },
      constraints,
      alerts: undefined,
    },
    () =>
      `{"status":"success","data":{"activeTargets":[${repeated((n) => `{"discoveredLabels":{"__address__":"10.0.0.1:${n}"},"labels":{"tenant":"a","job":"j"},"health":"up"}`, ',')}]}}`,
  ],
  [
    'an answer of the global engine',
    { kind: 'engine' },
    () =>
      `{"status":"success","data":{"resultType":"vector","result":[${repeated((n) => `{"metric":{"pod":"app-${n}"},"value":[1700000000,"${n}.5"]}`, ',')}]}}`,
  ],
]

describe('the event loop goes on while there is read', () => {
  it.each(works)('%s', async (_, job, text) => {
    const body = Buffer.from(new TextEncoder().encode(text()).buffer)
    const delay = monitorEventLoopDelay({ resolution: 5 })
    delay.enable()
    // The first turn is not measured.
    await setTimeout(50)
    const merged = await merger.merge(job, [[body]], signal)
    await setTimeout(20)
    expect(merged).toMatchObject({ kind: 'answer', answer: { kind: 'bytes' } })
    expect(delay.max / 1e6).toBeLessThan(100)
  })
})
