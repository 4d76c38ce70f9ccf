import { parse, parseSelector, print } from '@gatehouse/promql'
import { describe, expect, it } from 'vitest'
import type { TimeRange } from '../model.ts'
import { planQuery } from '../plan/plan.ts'
import type { LeafAnswer } from './context.ts'
import { evaluate, type Evaluation } from './evaluate.ts'
import { formatValue } from './format.ts'
import { type QueryResult, renderResult } from './result.ts'

// Two shards. A series is written as in Prometheus's own tests: labels, then one value per step, `_` for none.
const source = {
  tenantLabel: 'tenant',
  shards: [
    { name: 's1', slice: { tenants: ['a'] }, replicas: [] },
    { name: 's2', slice: { tenants: ['b'] }, replicas: [] },
  ],
}
const start = 1_000_000
const rangeOf = (steps: number): TimeRange => ({
  start,
  end: start + (steps - 1) * 60_000,
  step: steps === 1 ? 0 : 60_000,
})

function labelsOf(text: string): Record<string, string> {
  if (text === '{}') return {}
  const { name, matchers } = parseSelector(text)
  const pairs = matchers.map(({ name: label, value }) => [label, value])
  return Object.fromEntries(name === undefined ? pairs : [['__name__', name], ...pairs])
}

function dataOf(lines: readonly string[], range: TimeRange): unknown {
  const result = lines.map((line) => {
    const [, labels = '', rest = ''] = /^(\S*?\{.*?\}|\S+) (.*)$/.exec(line) ?? []
    const values = rest
      .split(' ')
      .flatMap((value, i) => (value === '_' ? [] : [[(range.start + i * range.step) / 1000, value]]))
    return range.step === 0
      ? { metric: labelsOf(labels), value: values[0] }
      : { metric: labelsOf(labels), values }
  })
  return { resultType: range.step === 0 ? 'vector' : 'matrix', result }
}

interface Case {
  /** What s1 and s2 answer to each part, by the part without its constraint. */
  readonly parts: Readonly<Record<string, readonly [readonly string[], readonly string[]]>>
  readonly steps?: number
  readonly version?: string
}

function run(query: string, { parts, steps = 1, version = '2.53' }: Case): Evaluation {
  const plan = planQuery({
    expr: parse(query),
    conjunctions: [[{ name: 'tenant', op: '=~', value: 'a|b' }]],
    source,
    range: rangeOf(steps),
    version,
    defaultStepMs: 60_000,
    now: 0,
    hasEngine: false,
  })
  if (plan.kind !== 'evaluate') throw new Error(`a plan to ${plan.kind}`)
  const answers = plan.requests.map(({ id, shard, text, range }): [number, LeafAnswer] => {
    const part = print(
      parse(
        text
          .replace(/\{?tenant="[ab]",?/g, (found) => (found.startsWith('{') ? '{' : ''))
          .replaceAll('{}', ''),
      ),
    )
    const lines = parts[part]?.[shard === 's1' ? 0 : 1]
    if (lines === undefined) throw new Error(`no answer to ${part}`)
    return [id, { data: dataOf(lines, range), warnings: [`from ${shard} (1:5)`], infos: [] }]
  })
  return evaluate(plan, new Map(answers))
}

type Pair = readonly [time: number, value: string]

interface Rendered {
  readonly result: readonly {
    readonly metric: Readonly<Record<string, string>>
    readonly value?: Pair
    readonly values?: readonly Pair[]
  }[]
}

/** What a client reads, written as above but with the step before each value. */
function linesOf(result: QueryResult): string[] {
  if (result.type === 'scalar') return [formatValue(result.value)]
  const { result: list } = JSON.parse([...renderResult(result)].join('')) as Rendered
  return list.map(({ metric, value, values = [] }) => {
    const { __name__: name = '', ...others } = metric
    const text = Object.entries(others).map(([label, labelValue]) => `${label}="${labelValue}"`)
    const pairs = value === undefined ? values : [value]
    return `${name}{${text.join(',')}} ${pairs.map(([time, one]) => `${(time - start / 1000) / 60}:${one}`).join(' ')}`
  })
}

function answer(query: string, example: Case): string[] {
  const evaluation = run(query, example)
  return evaluation.kind === 'answer' ? linesOf(evaluation.result) : [`beyond: ${evaluation.beyond.text}`]
}

const le = (s1: readonly string[], s2: readonly string[]): Case => ({
  parts: { 'sum by (le) (b)': [s1, s2] },
})

describe('evaluate', () => {
  it.each<[string, Case, readonly string[]]>([
    [
      'rate(x[5m])',
      { parts: { 'rate(x[5m])': [['{t="a"} 1'], ['{t="b"} 2']] } },
      ['{t="a"} 0:1', '{t="b"} 0:2'],
    ],
    ['sum(x)', { parts: { 'sum(x)': [['{} 1.5'], ['{} 2']] } }, ['{} 0:3.5']],
    [
      'sum by (e) (x)',
      { parts: { 'sum by (e) (x)': [['{e="p"} 1', '{e="q"} NaN'], ['{e="p"} +Inf']] } },
      ['{e="p"} 0:+Inf', '{e="q"} 0:NaN'],
    ],
    ['min(x)', { parts: { 'min(x)': [['{} NaN'], ['{} 2']] } }, ['{} 0:2']],
    ['max(x)', { parts: { 'max(x)': [['{} -Inf'], ['{} NaN']] } }, ['{} 0:-Inf']],
    ['group(x)', { parts: { 'group(x)': [['{} 1'], ['{} 1']] } }, ['{} 0:1']],
    // The average of shards with one and three series is not the average of averages.
    ['avg(x)', { parts: { 'avg(x)': [['{} 10'], ['{} 2']], 'count(x)': [['{} 1'], ['{} 3']] } }, ['{} 0:4']],
    [
      'avg(x)',
      { parts: { 'avg(x)': [['{} 1.7e+308'], ['{} 1.7e+308']], 'count(x)': [['{} 2'], ['{} 2']] } },
      ['{} 0:1.7e+308'],
    ],
    // 1 and 3, 5 and 7: variance 5 around 4.
    [
      'stdvar(x)',
      {
        parts: {
          'stdvar(x)': [['{} 1'], ['{} 1']],
          'avg(x)': [['{} 2'], ['{} 6']],
          'count(x)': [['{} 2'], ['{} 2']],
        },
      },
      ['{} 0:5'],
    ],
    [
      'stddev(x)',
      {
        parts: {
          'stdvar(x)': [['{} 0'], ['{} 0']],
          'avg(x)': [['{} 0.1'], ['{} 0.10000000000000002']],
          'count(x)': [['{} 3'], ['{} 3']],
        },
      },
      ['{} 0:0'],
    ],
    [
      'count_values("v", x)',
      { parts: { 'count_values("v", x)': [['{v="1"} 2'], ['{v="1"} 3', '{v="2"} 1']] } },
      ['{v="1"} 0:5', '{v="2"} 0:1'],
    ],
    [
      'topk(2, x)',
      {
        parts: {
          'topk(2, x)': [
            ['x{t="a",i="0"} 5', 'x{t="a",i="1"} 4'],
            ['x{t="b",i="0"} NaN', 'x{t="b",i="1"} 9'],
          ],
        },
      },
      ['x{i="1",t="b"} 0:9', 'x{i="0",t="a"} 0:5'],
    ],
    ['bottomk(1, x)', { parts: { 'bottomk(1, x)': [['x{t="a"} NaN'], ['x{t="b"} 9']] } }, ['x{t="b"} 0:9']],
    ['quantile(0.5, x)', { parts: { x: [['x{t="a"} 1', 'x{t="a",i="1"} 4'], ['x{t="b"} 2']] } }, ['{} 0:2']],
    ['absent(x)', { parts: { 'absent(x)': [['{} 1 1 _'], ['{} 1 _ 1']] }, steps: 3 }, ['{} 0:1']],
    ['scalar(sum(x)) + 1', { parts: { 'sum(x)': [['{} 1'], ['{} 2']] } }, ['4']],
    [
      'sum(x) / sum(y)',
      { parts: { 'sum(x)': [['{} 1'], ['{} 2']], 'sum(y)': [['{} 4'], ['{} 2']] } },
      ['{} 0:0.5'],
    ],
    [
      'sum by (e) (x) > 2',
      { parts: { 'sum by (e) (x)': [['{e="p"} 1', '{e="q"} 1'], ['{e="p"} 2']] } },
      ['{e="p"} 0:3'],
    ],
    ['-sum(x)', { parts: { 'sum(x)': [['{} 1'], []] } }, ['{} 0:-1']],
    [
      'sort_desc(x)',
      { parts: { x: [['x{t="a"} 1', 'x{t="a",i="1"} NaN'], ['x{t="b"} 2']] } },
      ['x{t="b"} 0:2', 'x{t="a"} 0:1', 'x{i="1",t="a"} 0:NaN'],
    ],
    [
      'x or on (t) y',
      { parts: { x: [['x{t="a"} 1'], []], y: [['y{t="a"} 1'], ['y{t="c"} 1']] } },
      ['x{t="a"} 0:1', 'y{t="c"} 0:1'],
    ],
    [
      'x and on (k) y',
      { parts: { x: [['x{k="1",t="a"} 1 2 3'], []], y: [[], ['y{k="1"} 1 _ 1']] }, steps: 3 },
      ['x{k="1",t="a"} 0:1 2:3'],
    ],
    [
      'x unless on (k) y',
      { parts: { x: [['x{k="1",t="a"} 1 2 3'], []], y: [[], ['y{k="1"} 1 _ 1']] }, steps: 3 },
      ['x{k="1",t="a"} 1:2'],
    ],
    [
      'x * on (k) group_left (r) y',
      { parts: { x: [['x{k="1",t="a"} 2'], ['x{k="1",t="b"} 3']], y: [['y{k="1",r="z"} 10'], []] } },
      ['{k="1",r="z",t="a"} 0:20', '{k="1",r="z",t="b"} 0:30'],
    ],
    [
      'histogram_quantile(0.5, sum by (le) (b))',
      le(['{le="1"} 1', '{le="2"} 2', '{le="+Inf"} 2'], ['{le="1"} 1', '{le="2"} 4', '{le="+Inf"} 4']),
      ['{} 0:1.25'],
    ],
    ['histogram_quantile(0.5, sum by (le) (b))', le(['{le="1"} 1'], ['{le="2"} 1']), ['{} 0:NaN']],
    ['max_over_time(sum(x)[3m:1m])', { parts: { 'sum(x)': [['{} 1 5 2'], ['{} 1 1 2']] } }, ['{} 0:6']],
    [
      'label_replace(sum by (e) (x), "n", "<$1>", "e", "(.).*")',
      { parts: { 'sum by (e) (x)': [['{e="prod"} 1'], []] } },
      ['{e="prod",n="<p>"} 0:1'],
    ],
  ])('%s', (query, example, expected) => {
    expect(answer(query, example)).toEqual(expected)
  })

  it.each<[string, Case, string]>([
    [
      'x * on (k) y',
      { parts: { x: [['x{k="1",t="a"} 1'], ['x{k="1",t="b"} 1']], y: [['y{k="1"} 1'], []] } },
      'many-to-one matching must be explicit',
    ],
    [
      'x * on (k) y',
      { parts: { x: [['x{k="1"} 1'], []], y: [['y{k="1",t="a"} 1'], ['y{k="1",t="b"} 1']] } },
      'found duplicate series for the match group {k="1"} on the right hand-side of the operation: [{__name__="y", k="1", t="b"}, {__name__="y", k="1", t="a"}];many-to-many matching not allowed',
    ],
    [
      'label_replace(x, "tenant", "z", "", "")',
      { parts: { x: [['x{tenant="a"} 1'], ['x{tenant="b"} 1']] } },
      'vector cannot contain metrics with the same labelset',
    ],
    [
      'topk(scalar(sum(x)), x)',
      { parts: { x: [['x{tenant="a"} 1'], []], 'sum(x)': [['{} 1e+19'], []] } },
      'Scalar value 1e+19 overflows int64',
    ],
    ['count_values("a-b", sum(x))', { parts: { 'sum(x)': [['{} 1'], []] } }, 'invalid label name'],
  ])('%s is refused as Prometheus refuses it', (query, example, message) => {
    expect(() => answer(query, example)).toThrow(message)
  })

  it('gives a range’s series in the order of their labels', () => {
    const parts = { 'rate(x[5m])': [['{t="c"} 1 1', '{t="a"} 2 2'], ['{t="b"} 3 _']] } as const
    expect(answer('rate(x[5m])', { parts, steps: 2 })).toEqual([
      '{t="a"} 0:2 1:2',
      '{t="b"} 0:3',
      '{t="c"} 0:1 1:1',
    ])
  })

  it('joins the warnings of all shards', () => {
    const evaluation = run('sum(x)', { parts: { 'sum(x)': [['{} 1'], ['{} 2']] } })
    expect(evaluation).toMatchObject({ warnings: ['from s1', 'from s2'], infos: [] })
  })

  it.each([
    [
      'quantile(2, x)',
      { parts: { x: [['x{t="a"} 1'], []] } },
      'quantile value should be between 0 and 1, got 2',
    ],
    [
      'histogram_quantile(NaN, sum(b))',
      { parts: { 'sum(b)': [['{} 1'], []] } },
      'quantile value should be between 0 and 1, got NaN',
    ],
    [
      'histogram_quantile(1, sum(b))',
      { parts: { 'sum(b)': [['{} 1'], []] } },
      'bucket label "le" is missing or has a malformed value of "" for metric name ""',
    ],
  ] as const)('%s warns', (query, example, warning) => {
    expect(run(query, example)).toMatchObject({
      warnings: expect.arrayContaining([`PromQL warning: ${warning}`]),
    })
  })

  // As Prometheus 2.53 and 3.5 print them.
  it.each([
    ['100', '100'],
    ['123456.5', '123456.5'],
    ['1000000', '1e+06'],
    ['12345678.9', '1.23456789e+07'],
    ['1e21', '1e+21'],
    ['-0.0001', '-0.0001'],
    ['-0.00001', '-1e-05'],
    ['-Inf', '-Inf'],
  ])('warns of the quantile %s in the words of Prometheus', (phi, text) => {
    expect(run(`quantile(${phi}, x)`, { parts: { x: [['x{t="a"} 1'], []] } })).toMatchObject({
      warnings: expect.arrayContaining([
        `PromQL warning: quantile value should be between 0 and 1, got ${text}`,
      ]),
    })
  })

  it('warns of the quantile of a range only at times when there are samples', () => {
    const warning = 'PromQL warning: quantile value should be between 0 and 1, got 2'
    const evaluation = (samples: string) =>
      run('quantile_over_time(2, sum(x)[2m:20s])', { parts: { 'sum(x)': [[samples], []] } })
    const warned = { warnings: expect.arrayContaining([warning]) }
    expect(evaluation('{} 1 1')).toMatchObject(warned)
    expect(evaluation('{} _ _')).not.toMatchObject(warned)
  })

  it('keeps the sign of a zero that the version keeps', () => {
    const parts = { 'sum(x)': [['{} -0'], ['{} -0']] } as const
    expect(answer('sum(x)', { parts, version: '2.53' })).toEqual(['{} 0:-0'])
    expect(answer('sum(x)', { parts, version: '3.5' })).toEqual(['{} 0:0'])
  })

  it.each([
    ['2.53', 7],
    ['3.5', 6],
  ])('a range of Prometheus %s has its own idea of its start', (version, count) => {
    // Every 20 s from 14 min 40 s to 16 min 40 s; the grid that is asked for starts where the version wants it.
    const parts = { 'sum(x)': [[`{}${' 1'.repeat(count)}`], []] } as const
    expect(answer('count_over_time(sum(x)[2m:20s])', { parts, version })).toEqual([`{} 0:${count}`])
  })
})

describe('native histograms', () => {
  const histogram = { count: '1', sum: '2', buckets: [] }
  const data = { resultType: 'vector', result: [{ metric: {}, histogram: [start / 1000, histogram] }] }

  function runWith(query: string, warnings: readonly string[], second: unknown): Evaluation {
    const plan = planQuery({
      expr: parse(query),
      conjunctions: [[{ name: 'tenant', op: '=~', value: 'a|b' }]],
      source,
      range: rangeOf(1),
      version: '2.53',
      defaultStepMs: 60_000,
      now: 0,
      hasEngine: false,
    })
    if (plan.kind !== 'evaluate') throw new Error(`a plan to ${plan.kind}`)
    const answers = plan.requests.map(({ id, shard }): [number, LeafAnswer] => [
      id,
      { data: shard === 's1' ? data : second, warnings, infos: [] },
    ])
    return evaluate(plan, new Map(answers))
  }
  const empty = { resultType: 'vector', result: [] }

  it('are carried through', () => {
    const evaluation = runWith('x', [], empty)
    if (evaluation.kind !== 'answer' || !('items' in evaluation.result)) throw new Error('no union')
    expect([...evaluation.result.items]).toEqual(data.result)
  })

  it.each(['sum(x)', 'avg(x)', 'quantile(0.5, x)', 'histogram_quantile(0.5, sum(x))', 'x + on () y'])(
    'of several shards are beyond %s',
    (query) => {
      expect(runWith(query, [], empty)).toMatchObject({ kind: 'beyond' })
    },
  )

  it('that met floats on one shard make a sum beyond', () => {
    const warnings = ['PromQL warning: encountered a mix of histograms and floats for aggregation (1:5)']
    const evaluation = runWith('sum(y)', warnings, empty)
    expect(evaluation).toMatchObject({ kind: 'beyond', beyond: { text: 'sum(y)' } })
  })
})

describe('an answer that is none', () => {
  it.each([
    ['no object', 'text'],
    ['no result', { resultType: 'vector' }],
    ['another type', { resultType: 'scalar', result: [0, '1'] }],
    ['a series without labels', { resultType: 'vector', result: [{ value: [1000, '1'] }] }],
    ['a label that is no text', { resultType: 'vector', result: [{ metric: { a: 1 }, value: [1000, '1'] }] }],
    ['a value that is no text', { resultType: 'vector', result: [{ metric: {}, value: [1000, 1] }] }],
    ['a sample that is no pair', { resultType: 'vector', result: [{ metric: {}, value: 7 }] }],
  ])('%s is a bad gateway', (_name, data) => {
    const plan = planQuery({
      expr: parse('sum(x)'),
      conjunctions: [[{ name: 'tenant', op: '=~', value: 'a|b' }]],
      source,
      range: rangeOf(1),
      version: '2.53',
      defaultStepMs: 60_000,
      now: 0,
      hasEngine: false,
    })
    if (plan.kind !== 'evaluate') throw new Error(plan.kind)
    const answers = new Map(plan.requests.map(({ id }) => [id, { data, warnings: [], infos: [] }]))
    expect(() => evaluate(plan, answers)).toThrow('not usable')
  })
})
