import { functions, parse } from '@gatehouse/promql'
import { describe, expect, it } from 'vitest'
import { allFacts, bypassReason, bypassReasons, cacheFacts, settledUntil } from './cacheability.ts'

const now = 1_700_000_000_000
const freshness = { freshnessMs: 60_000, outOfOrderMs: 0 }
const settled = settledUntil(now, freshness)
const plain = { noStore: false, limit: undefined, stats: undefined }
const seconds = (ms: number): string => String(ms / 1000)

const rows: readonly (readonly [query: string, reason: string | undefined])[] = [
  ['up', undefined],
  ['sum by (job) (rate(http_requests_total{code=~"5.."}[5m]))', undefined],
  ['up offset 1h', undefined],
  ['up offset -1s', 'negative_offset'],
  ['rate(up[5m] offset -5m)', 'negative_offset'],
  ['max_over_time(up[1h:1m] offset -1m)', 'negative_offset'],
  ['max_over_time(up[1h:1m])', undefined],
  ['max_over_time(rate(up[5m] offset 1m)[1h:])', undefined],
  ['max_over_time((up offset -1m)[1h:1m] offset 1h)', 'negative_offset'],
  ['up @ start()', 'query_range_bounds'],
  ['up + sum(up @ end())', 'query_range_bounds'],
  ['max_over_time(up[1h:1m] @ end())', 'query_range_bounds'],
  ['max_over_time((up @ start())[1h:1m] @ 0)', 'query_range_bounds'],
  ['topk(scalar(up @ end()), up)', 'query_range_bounds'],
  ['up @ 0', undefined],
  [`up @ ${seconds(settled)}`, undefined],
  [`up @ ${seconds(settled + 1)}`, 'at_beyond_freshness'],
  [`up @ ${seconds(now + 3_600_000)}`, 'at_beyond_freshness'],
  [`up @ ${seconds(settled + 1)} offset 1ms`, undefined],
  [`up @ ${seconds(settled)} offset -1ms`, 'negative_offset'],
  [`max_over_time(up[1h:1m] @ ${seconds(now)})`, 'at_beyond_freshness'],
  [`up and on() (up @ ${seconds(now)})`, 'at_beyond_freshness'],
  ['limitk(3, up)', 'order_dependent'],
  ['sum(limit_ratio(0.1, up))', 'order_dependent'],
  ['topk(3, up)', undefined],
  ['time() - timestamp(up)', undefined],
  ['vector(1)', undefined],
  ['vector(end())', 'query_range_bounds'],
  ['up / step()', 'query_range_bounds'],
]

describe('bypassReason', () => {
  it.each(rows)('%s → %s', (query, reason) => {
    expect(bypassReason(cacheFacts(parse(query)), plain, settled)).toBe(reason)
  })

  it('covers every function that depends on the range of the query', () => {
    const ofRange = Object.entries(functions).filter(([, spec]) => 'ofRange' in spec && spec.ofRange)
    expect(ofRange.length).toBeGreaterThan(0)
    for (const [name] of ofRange) {
      expect(bypassReason(cacheFacts(parse(`vector(${name}())`)), plain, settled)).toBe('query_range_bounds')
    }
  })

  it('treats a function it does not know as one of the range', () => {
    const unknown = { ...parse('abs(up)'), func: 'invented' }
    expect(cacheFacts(unknown as ReturnType<typeof parse>).isOfRange).toBe(true)
  })

  it.each([
    [{ ...plain, noStore: true }, 'no_store'],
    [{ ...plain, limit: 5 }, 'limit'],
    [{ ...plain, limit: 0 }, undefined],
    [{ ...plain, stats: 'all' }, 'stats'],
  ] as const)('%o → %s', (demand, reason) => {
    expect(bypassReason(cacheFacts(parse('up')), demand, settled)).toBe(reason)
  })

  it('holds for one expression of several', () => {
    const facts = allFacts([cacheFacts(parse('up')), cacheFacts(parse('up @ end()'))])
    expect(bypassReason(facts, plain, settled)).toBe('query_range_bounds')
    expect(bypassReason(allFacts([cacheFacts(parse('up'))]), plain, settled)).toBeUndefined()
  })

  it('names each reason with a sentence', () => {
    expect(Object.keys(bypassReasons)).toMatchInlineSnapshot(`
      [
        "no_store",
        "query_range_bounds",
        "negative_offset",
        "at_beyond_freshness",
        "order_dependent",
        "limit",
        "stats",
        "endpoint",
      ]
    `)
  })
})

describe('settledUntil', () => {
  it('takes the larger of freshness and out-of-order window', () => {
    expect(settledUntil(now, { freshnessMs: 60_000, outOfOrderMs: 1_800_000 })).toBe(now - 1_800_000)
    expect(settledUntil(now, freshness)).toBe(now - 60_000)
  })
})
