import { parse } from '@gatehouse/promql'
import { describe, expect, it } from 'vitest'
import { isUniqueFor } from './distinct.ts'

function isUnique(query: string): boolean {
  const expr = parse(query)
  if (expr.kind !== 'BinaryExpr' || expr.matching === undefined) throw new Error(query)
  return isUniqueFor(expr.rhs, expr.matching)
}

describe('series that can match', () => {
  it.each([
    'a / b',
    'a / rate(b[5m])',
    'a / ignoring (env) b{env="prod"}',
    'a / ignoring (env) sum without (env) (b)',
    'a / on (t) sum by (t) (b)',
    'a / on (t, env) sum by (t) (b)',
    'a / ignoring (env) sum by (t) (b)',
    'a / on (t) histogram_quantile(0.9, sum by (t) (b))',
    'a / on (t) -(sum by (t) (b) * 2)',
    'a / on (t, v) count_values by (t) ("v", b)',
    'a / on (t) max_over_time(sum by (t) (b)[5m:1m])',
    'a / on (t) (b / on (t) c)',
    'a / on (t) (sum by (t) (b) and c)',
    'a / on (t) topk(1, sum by (t) (b))',
  ])('only alone: %s', (query) => {
    // The quantile's own label is not among those that tell.
    expect(isUnique(query)).toBe(!query.includes('histogram_quantile'))
  })

  it.each([
    'a / on (t) b',
    'a / on (t) b{t="x"}',
    'a / {t="x"}',
    'a / ignoring (env) b',
    'a / ignoring (env) b{env!="prod"}',
    'a / ignoring (env) sum by (t, env) (b)',
    'a / on (t) sum by (t, env) (b)',
    'a / on (t) sum without (env) (b)',
    'a / on (t) count_values by (t) ("v", b)',
    'a / on (t) topk by (t) (1, b)',
    'a / on (t) (sum by (t) (b) or c)',
    'a / on (t) label_replace(sum by (t) (b), "t", "x", "", "")',
    'a / ignoring (env) (b / ignoring (env) c)',
  ])('several at once: %s', (query) => {
    expect(isUnique(query)).toBe(false)
  })
})
