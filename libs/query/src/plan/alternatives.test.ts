import { type Matcher, parse, print, selectors } from '@gatehouse/promql'
import { describe, expect, it } from 'vitest'
import type { Conjunction } from '../model.ts'
import { enforceAny } from './alternatives.ts'

const tenant: Matcher = { name: 'tenant', op: '=', value: 'a' }
const x: Conjunction = [tenant, { name: 'team', op: '=', value: 'x' }]
const p: Conjunction = [tenant, { name: 'env', op: '=', value: 'p' }, { name: 'team', op: '!=', value: 'x' }]

function shown(query: string, conjunctions: readonly Conjunction[] = [x, p]): string | undefined {
  const enforced = enforceAny(parse(query), conjunctions)
  return enforced === undefined ? undefined : print(enforced)
}

const X = '{tenant="a",team="x"'
const P = '{tenant="a",env="p",team!="x"'

describe('enforceAny', () => {
  it.each([
    ['up', `(up${X}} or up${P}})`],
    ['sum(up offset 5m) by (job)', `sum by (job) ((up${X}} offset 5m or up${P}} offset 5m))`],
    ['rate(up[5m])', `(rate(up${X}}[5m]) or rate(up${P}}[5m]))`],
    ['timestamp((up))', `(timestamp(up${X}}) or timestamp(up${P}}))`],
    ['abs(up)', `abs((up${X}} or up${P}}))`],
    ['max_over_time(up[5m:1m])', `max_over_time((up${X}} or up${P}})[5m:1m])`],
    ['up{team="x"}', `up${X}}`],
    ['up{team="y"}', `up${P},team="y"}`],
    [
      'quantile_over_time(scalar(q), up[5m])',
      `(quantile_over_time(scalar((q${X}} or q${P}})), up${X}}[5m]) or quantile_over_time(scalar((q${X}} or q${P}})), up${P}}[5m]))`,
    ],
  ])('%s', (query, expected) => {
    expect(shown(query)).toBe(expected)
  })

  it('enforces a single constraint as ever', () => {
    expect(shown('absent(up)', [x])).toBe(`absent(up${X}})`)
  })

  it.each(['absent(up)', 'absent_over_time(up[5m])', 'up[5m]', 'up + on () absent((up))'])(
    'cannot write %s as one',
    (query) => {
      expect(shown(query)).toBeUndefined()
    },
  )

  it('is not for constraints on the metric name, which `or` does not compare', () => {
    const named: Conjunction = [tenant, { name: '__name__', op: '=', value: 'up' }]
    expect(
      shown('{job="x"}', [named, [tenant, { name: '__name__', op: '!=', value: 'up' }, ...x.slice(1)]]),
    ).toBeUndefined()
  })

  it('is not for alternatives without a common constraint', () => {
    expect(shown('up', [x.slice(1), p.slice(1)])).toBeUndefined()
  })

  it.each([
    'predict_linear(up[5m], scalar(q)) + on () holt_winters(up[5m], scalar(q), scalar(sum(r)))',
    'topk(scalar(q), up) or sum_over_time(rate(up[5m])[1h:]) unless label_replace(up, "a", "b", "c", "d")',
    'clamp(up, scalar(q), scalar(max_over_time(r[5m])))',
    'count_values("v", quantile(scalar(q), timestamp(up)))',
    'histogram_quantile(scalar(q), sum by (le) (rate(b[5m])))',
  ])('leaves no selector of %s without a grant', (query) => {
    const found = selectors(enforceAny(parse(query), [x, p]) ?? parse('nothing'))
    const bears = (conjunction: Conjunction, matchers: readonly Matcher[]) =>
      conjunction.every((one) =>
        matchers.some((other) => other.name === one.name && other.op === one.op && other.value === one.value),
      )
    expect(found.length).toBeGreaterThan(2)
    for (const { matchers } of found) expect(bears(x, matchers) || bears(p, matchers)).toBe(true)
  })
})
