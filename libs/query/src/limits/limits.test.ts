import { parse } from '@gatehouse/promql'
import { describe, expect, it } from 'vitest'
import { fingerprint, lookupFingerprint, queryShape } from './fingerprint.ts'
import { checkLimits, type LimitName, limitShares, limitWords, strictestLimits } from './limits.ts'
import { measureQuery } from './measure.ts'
import { regexCost } from './regex-cost.ts'
import { assertNotStopped, type StopRule, type StopSubject } from './stop-rules.ts'

const names = Object.keys(limitWords) as LimitName[]

describe('checkLimits', () => {
  it.each(names)('advises, warns and refuses by %s', (name) => {
    const at = (value: number) => checkLimits({ [name]: value }, { [name]: 1_000_000 })
    expect(at(699_999)).toEqual({ infos: [], warnings: [] })
    expect(at(700_000).infos).toEqual([expect.stringContaining('70 % of the limit of')])
    expect(at(899_999)).toMatchObject({ infos: [expect.anything()], warnings: [] })
    expect(at(900_000)).toMatchObject({ infos: [], warnings: [expect.stringContaining('90 % of the limit')] })
    expect(at(1_000_000).warnings).toHaveLength(1)
    expect(() => at(1_000_001)).toThrow(
      expect.objectContaining({
        code: 'execution',
        message: expect.stringContaining(limitWords[name].name),
      }) as Error,
    )
  })

  it('names the limit, the value and what to ask for instead', () => {
    expect(() => checkLimits({ points: 11_500 }, { points: 11_000 })).toThrow(
      'points per series is 11,500, more than the limit of 11,000; shorten the range or enlarge the step to get at most 11,000 points',
    )
    expect(() => checkLimits({ range: 40 * 86_400_000 + 90_000 }, { range: 31 * 86_400_000 })).toThrow(
      'time range read is 40d1m30s, more than the limit of 31d; read at most 31d, ranges and subqueries in the expression included',
    )
  })

  it('ignores what is not measured or not limited', () => {
    expect(checkLimits({ points: 1e9 }, { series: 1 })).toEqual({ infos: [], warnings: [] })
  })

  it('shows shares for explain, largest first', () => {
    expect(limitShares({ points: 50, series: 90, depth: 1 }, { points: 100, series: 100 })).toEqual([
      { name: 'series', share: 0.9 },
      { name: 'points', share: 0.5 },
    ])
  })

  it('takes the strictest of several sets', () => {
    expect(strictestLimits([{ points: 5, series: 1 }, { points: 3 }, {}])).toEqual({ points: 3, series: 1 })
  })
})

describe('measureQuery', () => {
  const hour = 3_600_000
  const range = { start: 0, end: hour, step: 60_000 }
  /** Points of so many seconds by the second. */
  const seconds = (length: number): number => length + 1
  it.each([
    ['up', { queryBytes: 2, range: hour, points: 61, depth: 1, selectors: 1, regexCost: 0 }],
    ['rate(up[5m])', { range: hour + 300_000, depth: 3 }],
    [
      'max_over_time(rate(up[5m])[1d:])',
      { range: 25 * hour + 300_000, points: 61, subqueryPoints: 25 * 60 + 1 },
    ],
    ['max_over_time(up[1d:1s])', { subqueryPoints: 25 * 3600 + 1 }],
    // One inside another is evaluated by its own step over all that is around it, and read anew by each of its points.
    ['max_over_time(max_over_time(up[1m:1s])[170d:1m])', { subqueryPoints: seconds(170 * 86_400 + 3_660) }],
    [
      'max_over_time(max_over_time(up[1h:1m])[1d:5m])',
      { range: 26 * hour, subqueryPoints: 26 * 60 + 1, samples: (25 * 12 + 1) * 61 },
    ],
    [
      'max_over_time(max_over_time(max_over_time(up[1h:1s])[1h:])[1h:])',
      { subqueryPoints: seconds(4 * 3_600) },
    ],
    ['max_over_time(max_over_time(up[1h:1m] offset 9d)[1d:5m] offset -9d)', { subqueryPoints: 26 * 60 + 1 }],
    // A moment's is evaluated once, unless another argument makes each point have its own.
    ['max_over_time(max_over_time(up[1m:1s] @ 7)[1d:5m])', { subqueryPoints: 25 * 12 + 1 }],
    ['max_over_time(max_over_time(up[1h:1s])[1d:5m] @ end())', { subqueryPoints: seconds(25 * 3_600) }],
    ['quantile_over_time(0.5, (up[1d:1s] @ 7))', { subqueryPoints: seconds(86_400) }],
    ['quantile_over_time(scalar(up), up[1d:1s] @ 7)', { subqueryPoints: seconds(90_000) }],
    ['a + b + sum(c)', { selectors: 3, depth: 3 }],
    ['up{a=~"x{100}"} or up{a!~"(y|z)",b=~"x{10}"}', { regexCost: 114 }],
    ['label_replace(label_replace(a, "a", "", "b", "x{10}"), "a", "", "b", "x{100}")', { regexCost: 110 }],
    ['"é"', { queryBytes: 4, selectors: 0 }],
  ])('%s', (query, expected) => {
    expect(measureQuery(query, parse(query), range)).toMatchObject(expected)
  })

  it.each(['max_over_time(up[1d:1s])', 'max_over_time(max_over_time(up[1m:1s] @ 7)[1d:5m])'])(
    'knows no samples of %s before it runs',
    (query) => expect(measureQuery(query, parse(query), range)).not.toHaveProperty('samples'),
  )

  it('refuses what multiplies inside subqueries, with numbers', () => {
    const check = (query: string) => () =>
      checkLimits(measureQuery(query, parse(query), { start: 0, end: 0, step: 0 }), {
        subqueryPoints: 250_000,
        samples: 50_000_000,
      })
    expect(check('sum_over_time(max_over_time(up[1m:1s])[170d:1m])')).toThrow(
      'points per series of a subquery is 14,688,061, more than the limit of 250,000; shorten the subquery',
    )
    expect(check('sum_over_time(max_over_time(up[60d:1m])[60d:1m])')).toThrow(
      'samples read is 7,465,132,801, more than the limit of 50,000,000; ',
    )
    expect(check('avg_over_time(max_over_time(up[1d:1m])[30d:1h])')()).toEqual({ infos: [], warnings: [] })
  })

  it('counts one point of an instant query', () => {
    expect(measureQuery('up', parse('up'), { start: 5, end: 5, step: 0 })).toMatchObject({
      points: 1,
      range: 0,
    })
  })
})

describe('regexCost', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['a|b', 3],
    ['(abc)', 4],
    ['a*b+', 4],
    ['a{3}', 3],
    ['a{2,5}', 5],
    ['a{2,}', 2],
    ['[a-z]{4}', 4],
    ['[]a]b', 2],
    ['[^]\\]]b', 2],
    ['\\.\\d', 2],
    ['((a{100}){100}){100}', 1_010_100],
    ['a{', 2],
    ['((((', 0],
    ['))))', 4],
  ])('%s → %d', (pattern, cost) => expect(regexCost(pattern)).toBe(cost))

  it('is linear', () => {
    expect(regexCost('('.repeat(100_000))).toBe(0)
    expect(regexCost('(a|b){9}'.repeat(10_000))).toBe(10_000 * 4 * 9)
  })
})

describe('fingerprint', () => {
  const same: readonly (readonly [string, string])[] = [
    ['rate(a{x="1"}[5m])', 'rate(a{x="2"}[1h] offset 3m)'],
    ['a{x="1",y=~"2"}', 'a{y=~"3",x="4"}'],
    ['(a) + (b > 5)', 'a + (b > 7)'],
    ['topk(5, a)', 'topk(10, a)'],
    ['max_over_time(a[1h:5m] @ end())', 'max_over_time(a[6h:])'],
  ]
  it.each(same)('%s is like %s', (a, b) => expect(fingerprint(parse(a))).toBe(fingerprint(parse(b))))

  it.each([
    ['a', 'b'],
    ['a{x="1"}', 'a{y="1"}'],
    ['a{x="1"}', 'a{x!="1"}'],
    ['rate(a[5m])', 'irate(a[5m])'],
    ['sum by (x) (a)', 'sum by (y) (a)'],
    ['a + b', 'a - b'],
    ['a', 'a[5m:]'],
  ])('%s is not like %s', (a, b) => expect(fingerprint(parse(a))).not.toBe(fingerprint(parse(b))))

  it('of a look-up is of its kind and its selectors in any order', () => {
    const [a, b] = [fingerprint(parse('a{x="1"}')), fingerprint(parse('b'))]
    expect(lookupFingerprint('series', [a, b])).toBe(lookupFingerprint('series', [b, a, a]))
    const others = [lookupFingerprint('labels', [a, b]), lookupFingerprint('series', [a]), a]
    expect(others).not.toContain(lookupFingerprint('series', [a, b]))
  })

  it('is short and stable', () => {
    expect(queryShape(parse('sum(rate(a{x="1"}[5m])) / 2'))).toBe('sum(rate(a{x=""}[1m])) / 0')
    expect(fingerprint(parse('up'))).toMatch(/^[0-9a-f]{16}$/)
    const all = new Set(Array.from({ length: 50_000 }, (_, i) => fingerprint(parse(`m${i}`))))
    expect(all.size).toBe(50_000)
  })
})

describe('assertNotStopped', () => {
  const subject: StopSubject = { orgUid: 'o', principalUid: 'p', tenants: ['a'], fingerprint: 'f' }
  const rule = (target: StopRule['target'], expiresAt?: number): StopRule => ({
    uid: 'r',
    target,
    reason: 'overload',
    expiresAt,
  })
  it.each([
    [rule({ kind: 'tenant', orgUid: undefined, tenant: 'a' }), true],
    [rule({ kind: 'tenant', orgUid: undefined, tenant: 'b' }), false],
    [rule({ kind: 'tenant', orgUid: 'o2', tenant: 'a' }), false],
    [rule({ kind: 'principal', orgUid: 'o', principalUid: 'p' }), true],
    [rule({ kind: 'principal', orgUid: 'o2', principalUid: 'p' }), false],
    [rule({ kind: 'fingerprint', orgUid: undefined, fingerprint: 'f' }), true],
    [rule({ kind: 'fingerprint', orgUid: 'o2', fingerprint: 'f' }), false],
    [rule({ kind: 'fingerprint', orgUid: 'o', fingerprint: 'g' }), false],
    [rule({ kind: 'tenant', orgUid: undefined, tenant: 'a' }, 100), false],
    [rule({ kind: 'tenant', orgUid: undefined, tenant: 'a' }, 101), true],
  ])('%o → %s', (stop, isStopped) => {
    const check = (): void => assertNotStopped([stop], subject, 100)
    if (isStopped) expect(check).toThrow('stopped by an operator: overload')
    else expect(check).not.toThrow()
  })
})
