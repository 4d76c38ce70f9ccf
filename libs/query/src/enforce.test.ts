import { parse, print, selectors } from '@gatehouse/promql'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { constraintSelector, enforce, enforceSelector, narrowEnforced } from './enforce.ts'
import type { Conjunction } from './model.ts'

const tenantA: Conjunction = [{ name: 'tenant', op: '=', value: 'a' }]

function enforced(query: string, constraints: Conjunction = tenantA): string {
  return print(enforce(parse(query), constraints))
}

describe('enforce', () => {
  const cases: readonly (readonly [query: string, expected: string])[] = [
    ['up', 'up{tenant="a"}'],
    ['up{} # a comment', 'up{tenant="a"}'],
    ['up{job="x",}', 'up{tenant="a",job="x"}'],
    ['{__name__=~".+"}', '{tenant="a",__name__=~".+"}'],
    ['up{tenant="b"}', 'up{tenant="a",tenant="b"}'],
    ['up{tenant="a",tenant=~".*"}', 'up{tenant="a",tenant=~".*"}'],
    ['up{tenant=""}', 'up{tenant="a",tenant=""}'],
    ['up or secret', 'up{tenant="a"} or secret{tenant="a"}'],
    ['topk(scalar(secret), up)', 'topk(scalar(secret{tenant="a"}), up{tenant="a"})'],
    [
      'histogram_quantile(scalar(secret), x)',
      'histogram_quantile(scalar(secret{tenant="a"}), x{tenant="a"})',
    ],
    ['max_over_time((up or secret)[1h:])', 'max_over_time((up{tenant="a"} or secret{tenant="a"})[1h:])'],
    ['-rate(secret[5m] offset -1h @ end())', '-rate(secret{tenant="a"}[5m] @ end() offset -1h)'],
    ['sum by (tenant) (up)', 'sum by (tenant) (up{tenant="a"})'],
    ['1 + 1', '1 + 1'],
  ]
  it.each(cases)('%s', (query, expected) => {
    expect(enforced(query)).toBe(print(parse(expected)))
    expect(enforced(query)).toContain(expected === '1 + 1' ? '1 + 1' : 'tenant="a"')
  })

  it('makes a bare name a matcher when a constraint is on __name__', () => {
    const constraints: Conjunction = [...tenantA, { name: '__name__', op: '=~', value: 'app_.*' }]
    expect(enforced('secret{x="1"}', constraints)).toBe(
      '{tenant="a",__name__=~"app_.*",__name__="secret",x="1"}',
    )
    const exact: Conjunction = [...tenantA, { name: '__name__', op: '=', value: 'up' }]
    expect(enforced('up', exact)).toBe('{tenant="a",__name__="up"}')
    expect(enforced('{__name__=~"a.*"}', constraints)).toBe('{tenant="a",__name__=~"app_.*",__name__=~"a.*"}')
  })

  it('does not make a selector valid that excludes nothing', () => {
    const bare = { ...constraintSelector(tenantA), matchers: [{ name: 'a', op: '=~', value: '.*' } as const] }
    expect(() => enforce(bare, tenantA)).toThrow(/non-empty matcher/)
    expect(() => enforce({ ...bare, matchers: [] }, tenantA)).toThrow(/non-empty matcher/)
  })

  it('refuses constraints that admit the empty value only or nothing at all', () => {
    for (const none of [
      [],
      [{ name: 'env', op: '!=', value: 'prod' }],
      [{ name: 't', op: '=~', value: 'a|' }],
    ] as const) {
      expect(() => enforce(parse('up'), none)).toThrow(/excludes the empty value/)
      expect(() => enforceSelector(constraintSelector(tenantA), none)).toThrow(/excludes the empty value/)
      expect(() => constraintSelector(none)).toThrow(/excludes the empty value/)
    }
  })

  it('constrains one selector, and makes one of constraints alone', () => {
    expect(print(constraintSelector(tenantA))).toBe('{tenant="a"}')
    expect(print(enforceSelector(constraintSelector(tenantA), tenantA))).toBe('{tenant="a"}')
  })

  it('narrows what is enforced, and never widens it', () => {
    const narrower: Conjunction = [{ name: 'env', op: '!=', value: 'prod' }]
    expect(print(narrowEnforced(constraintSelector(tenantA), narrower))).toBe('{env!="prod",tenant="a"}')
    expect(print(narrowEnforced(constraintSelector(tenantA), []))).toBe('{tenant="a"}')
  })
})

// Random valid expressions as text: what counts is what the parser makes of them.
const name = fc.constantFrom('up', 'secret', 'x:y', 'sum', 'by', 'http_requests_total')
const label = fc.constantFrom('job', 'tenant', 'env', 'le', '__name__x', 'on')
const value = fc.oneof(
  fc.constantFrom('a', 'b', '', '.*', 'a|b', '}', '"', '\\', '#'),
  fc.string({ maxLength: 6 }),
)
const matcher = fc
  .tuple(label, fc.constantFrom('=', '!='), value)
  .map(([l, op, v]) => `${l}${op}${JSON.stringify(v.replace(/[^\x20-\x7e]/g, 'ü'))}`)
const shift = fc.constantFrom(
  '',
  '',
  '',
  ' offset 5m',
  ' offset -1h',
  ' @ 12.5',
  ' @ end()',
  ' @ start() offset 1w',
)
const selectorText = fc
  .tuple(name, fc.array(matcher, { maxLength: 3 }))
  .map(([n, matchers]) => `${n}${matchers.length === 0 ? '' : `{${matchers.join(', ')}}`}`)
const { vector } = fc.letrec<{ vector: string; scalar: string; matrix: string }>((tie) => ({
  scalar: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'expr' },
    fc.constantFrom('1', '0x1f', 'Inf', '1e-3', 'time()'),
    tie('vector').map((v) => `scalar(${v})`),
  ),
  matrix: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'expr' },
    fc.tuple(selectorText, shift).map(([s, t]) => `${s}[5m]${t}`),
    fc.tuple(tie('vector'), shift).map(([v, t]) => `(${v})[1h:1m]${t}`),
  ),
  vector: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'expr' },
    fc.tuple(selectorText, shift).map(([s, t]) => s + t),
    tie('vector').map((v) => `(${v})`),
    tie('vector').map((v) => `-(${v})`),
    tie('matrix').map((m) => `rate(${m})`),
    fc.tuple(tie('scalar'), tie('matrix')).map(([s, m]) => `quantile_over_time(${s}, ${m})`),
    fc.tuple(tie('scalar'), tie('vector')).map(([s, v]) => `topk by (job) (${s}, ${v})`),
    fc.tuple(tie('scalar'), tie('vector')).map(([s, v]) => `histogram_quantile(${s}, ${v})`),
    tie('vector')
      .map((v) => `sum without (job) (${v}) # or secret`)
      .map((v) => `${v}\n`),
    fc
      .tuple(
        tie('vector'),
        fc.constantFrom('+', 'or', 'unless on (job)', '> bool', '* on (job) group_left (env)'),
        tie('vector'),
      )
      .map(([l, op, r]) => `(${l}) ${op} (${r})`),
    fc.tuple(tie('scalar'), tie('vector')).map(([s, v]) => `${s} * (${v})`),
  ),
}))
const constraintSets: readonly Conjunction[] = [
  tenantA,
  [
    { name: 'tenant', op: '=~', value: 'a|b' },
    { name: 'env', op: '!=', value: 'prod' },
  ],
  [...tenantA, { name: '__name__', op: '=~', value: '(up|secret).*' }],
  [{ name: 'tenant', op: '=', value: '"}\\or secret{#' }],
]

describe('properties of enforce', () => {
  it('every selector of the printed text carries the constraints and the caller’s own matchers; twice is once', () => {
    fc.assert(
      fc.property(vector, fc.constantFrom(...constraintSets), (query, constraints) => {
        const original = parse(query)
        const once = enforce(original, constraints)
        const text = print(once)
        const before = selectors(original)
        const after = selectors(parse(text))
        if (after.length !== before.length) return false
        const carries = after.every((selector, i) => {
          const own = before[i]
          const names = own?.name === undefined ? [] : [own.name]
          const nameKept =
            selector.name === own?.name ||
            names.every((n) =>
              selector.matchers.some((m) => m.name === '__name__' && m.op === '=' && m.value === n),
            )
          const has = (m: Conjunction[number]): boolean =>
            selector.matchers.some((s) => s.name === m.name && s.op === m.op && s.value === m.value)
          return nameKept && constraints.every(has) && (own?.matchers ?? []).every(has)
        })
        return (
          carries &&
          print(enforce(once, constraints)) === text &&
          print(enforce(parse(text), constraints)) === text
        )
      }),
      { numRuns: 100_000, seed: 20_240_229 },
    )
  }, 300_000)
})
