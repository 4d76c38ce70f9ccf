import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TimeRange } from '../model.ts'
import { cover, keepExtents, mergeExtents } from './assemble.ts'
import { cropExtent, type Extent, extentBytes, sampleCount } from './extent.ts'
import { missingSpans, onGrid, spanRange } from './plan-range.ts'
import { renderMatrix } from './render-matrix.ts'
import { lastTime, scanMatrix } from './scan-matrix.ts'

/** A small model of a server: for every series its label set and what it has at every evaluation time. */
interface Model {
  readonly series: readonly {
    readonly labels: Record<string, string>
    readonly at: readonly (string | undefined)[]
  }[]
  readonly grid: TimeRange
}

const histogram = '{"count":"3","sum":"NaN","buckets":[[0,"0.5","1","1"],[3,"-0.1","0.1","2"]]}'

function seconds(ms: number): string {
  return String(ms / 1000)
}

function compareLabels(a: Record<string, string>, b: Record<string, string>): number {
  const list = (labels: Record<string, string>): Buffer[] =>
    Object.entries(labels).flatMap((pair) => pair.map((text) => Buffer.from(text)))
  const [left, right] = [list(a), list(b)]
  for (let i = 0; i < Math.min(left.length, right.length); i += 1) {
    const order = Buffer.compare(left[i] ?? Buffer.of(), right[i] ?? Buffer.of())
    if (order !== 0) return order
  }
  return left.length - right.length
}

/** What Prometheus answers for the part of the model's grid in `range`. */
function answer({ series, grid }: Model, range: TimeRange): Buffer {
  const texts = series
    .toSorted((a, b) => compareLabels(a.labels, b.labels))
    .flatMap(({ labels, at }) => {
      const values: string[] = []
      const histograms: string[] = []
      for (let time = range.start; time <= range.end; time += range.step) {
        const value = at[(time - grid.start) / grid.step]
        if (value === 'h') histograms.push(`[${seconds(time)},${histogram}]`)
        else if (value !== undefined) values.push(`[${seconds(time)},"${value}"]`)
      }
      const lanes = [
        ...(values.length === 0 ? [] : [`"values":[${values.join(',')}]`]),
        ...(histograms.length === 0 ? [] : [`"histograms":[${histograms.join(',')}]`]),
      ]
      return lanes.length === 0 ? [] : [`{"metric":${JSON.stringify(labels)},${lanes.join(',')}}`]
    })
  return Buffer.from(`{"status":"success","data":{"resultType":"matrix","result":[${texts.join(',')}]}}`)
}

const points = 20
const labelText = fc.oneof(
  fc.string({ maxLength: 4, unit: 'grapheme' }),
  fc.constantFrom(
    '',
    'a',
    'b',
    'a,b="c"',
    '"',
    '\\',
    '\n',
    '\0',
    '\0\xff',
    '\x01',
    '\u{1f600}',
    '\uffee',
    '<&>',
  ),
)
const labelName = fc.constantFrom(
  '__name__',
  '__proto__',
  'constructor',
  'A',
  'a',
  'ab',
  'b',
  'toString',
  'é',
  '10',
)
const labels = fc
  .uniqueArray(fc.tuple(labelName, labelText), { maxLength: 3, selector: ([name]) => name })
  .map((pairs) =>
    Object.fromEntries(pairs.toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))),
  )
  // JSON.stringify moves a name such as "10" to the front, where it sorts anyway.
  .filter((one) => JSON.stringify(one).length > 0)
const sample = fc.option(
  fc.constantFrom('1', '-0.5', '1e+300', 'NaN', '+Inf', '-Inf', '0.1000000000000001', 'h'),
  {
    nil: undefined,
  },
)
const model: fc.Arbitrary<Model> = fc.record({
  series: fc.uniqueArray(
    fc.record({ labels, at: fc.array(sample, { minLength: points, maxLength: points }) }),
    { maxLength: 6, selector: (one) => JSON.stringify(one.labels) },
  ),
  grid: fc
    .tuple(
      fc.integer({ min: -5_000, max: 1_700_000_000_123 }),
      fc.constantFrom(1, 7, 15_000, 60_000, 100_001),
    )
    .map(([start, step]) => ({ start, end: start + (points - 1) * step, step })),
})

function part({ grid }: Model, from: number, to: number): TimeRange {
  return { start: grid.start + from * grid.step, end: grid.start + to * grid.step, step: grid.step }
}

function scan(m: Model, range: TimeRange, at = 1): Extent {
  return scanMatrix(answer(m, range), range, at).extent
}

describe('a matrix cut into extents', () => {
  it('is written again byte for byte', () => {
    fc.assert(
      fc.property(model, (m) => {
        expect(renderMatrix(scan(m, m.grid)).toString()).toBe(answer(m, m.grid).toString())
      }),
      { numRuns: 500 },
    )
  })

  it('gives for any window of any joined parts what the server gives for that window', () => {
    const index = fc.integer({ min: 0, max: points - 1 })
    const window = fc.tuple(index, index).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
    fc.assert(
      fc.property(model, fc.array(window, { maxLength: 4 }), window, (m, fetched, [from, to]) => {
        let known: Extent[] = []
        for (const [a, b] of fetched) known = mergeExtents(known, [scan(m, part(m, a, b))], m.grid.step)
        const range = part(m, from, to)
        const span = { from: range.start, to: range.end }
        const gaps = missingSpans(known, span, m.grid.step)
        expect(gaps.length).toBeLessThanOrEqual(2)
        const news = gaps.map((gap) => scan(m, spanRange(gap, m.grid.step)))
        const all = mergeExtents(known, news, m.grid.step)
        const covered = cover(all, span)
        expect(covered).toBeDefined()
        if (covered !== undefined) expect(renderMatrix(covered).toString()).toBe(answer(m, range).toString())
        for (const [i, extent] of all.entries()) {
          const next = all[i + 1]
          if (next !== undefined) expect(next.from).toBeGreaterThan(extent.to + m.grid.step)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('keeps nothing after what is settled and nothing older than asked for', () => {
    fc.assert(
      fc.property(
        model,
        fc.integer({ min: -3, max: 23 }),
        fc.integer({ min: -3, max: 23 }),
        fc.nat(6),
        (m, a, b, odd) => {
          const { start, step, end } = m.grid
          const since = start + a * step - Math.min(odd, step - 1)
          const settled = start + b * step + Math.min(odd, step - 1)
          const [kept] = keepExtents([scan(m, m.grid)], since, settled, step)
          const from = Math.max(0, a)
          const to = Math.min(points - 1, b)
          if (from > to) return kept === undefined
          expect(kept).toMatchObject({ from: start + from * step, to: Math.min(end, start + to * step) })
          return kept !== undefined && renderMatrix(kept).equals(answer(m, part(m, from, to)))
        },
      ),
    )
  })

  it('lets the younger answer win', () => {
    const old: Model = {
      series: [{ labels: { a: 'x' }, at: ['1', '1', '1'] }],
      grid: { start: 0, end: 2000, step: 1000 },
    }
    const young: Model = { ...old, series: [{ labels: { a: 'x' }, at: ['2', '2', '2'] }] }
    const merged = mergeExtents(
      [scan(old, old.grid, 5)],
      [scan(young, { start: 1000, end: 1000, step: 1000 }, 9)],
      1000,
    )
    expect(merged).toHaveLength(1)
    expect(renderMatrix(merged[0] as Extent).toString()).toContain('[[0,"1"],[1,"2"],[2,"1"]]')
    expect(merged[0]?.bornAt).toBe(5)
  })
})

const grid: TimeRange = { start: 0, end: 60_000, step: 30_000 }
const wrap = (result: string, rest = ''): string =>
  `{"status":"success","data":{"resultType":"matrix","result":[${result}]}${rest}}`
const one = '{"metric":{"a":"b"},"values":[[0,"1"],[30,"2"]]}'

describe('scanMatrix refuses', () => {
  it.each([
    ['an empty body', ''],
    ['no JSON', '<html>'],
    ['an error', '{"status":"error","errorType":"x","error":"y"}'],
    ['a vector', '{"status":"success","data":{"resultType":"vector","result":[]}}'],
    ['an end too early', wrap(one).slice(0, -4)],
    ['something after the end', `${wrap(one)}x`],
    ['a second body', wrap(one) + wrap(one)],
    ['a partial answer', wrap(one, ',"isPartial":true')],
    ['an unknown key beside data', wrap(one, ',"more":1')],
    ['an unknown key in data', `{"status":"success","data":{"resultType":"matrix","result":[],"x":1}}`],
    [
      'data twice',
      '{"status":"success","data":{"resultType":"matrix","result":[]},"data":{"resultType":"matrix","result":[]}}',
    ],
    ['values twice', wrap('{"metric":{},"values":[[0,"1"]],"values":[[30,"1"]]}')],
    ['an unknown key in a series', wrap('{"metric":{},"value":[0,"1"]}')],
    ['no label set', wrap('{"values":[[0,"1"]]}')],
    ['no samples', wrap('{"metric":{}}')],
    ['empty samples', wrap('{"metric":{},"values":[]}')],
    ['a series twice', wrap(`${one},${one}`)],
    ['a series twice, escaped differently', wrap(`${one},${one.replace('"b"', '"\\u0062"')}`)],
    ['series out of order', wrap(`${one.replace('"b"', '"c"')},${one}`)],
    ['a label name twice', wrap('{"metric":{"a":"b","a":"c"},"values":[[0,"1"]]}')],
    ['label names out of order', wrap('{"metric":{"b":"b","a":"c"},"values":[[0,"1"]]}')],
    ['a label that is no string', wrap('{"metric":{"a":1},"values":[[0,"1"]]}')],
    ['a lone surrogate', wrap('{"metric":{"a":"\\ud800"},"values":[[0,"1"]]}')],
    ['a time off the grid', wrap('{"metric":{},"values":[[0.001,"1"]]}')],
    ['a time before the start', wrap('{"metric":{},"values":[[-30,"1"]]}')],
    ['a time after the end', wrap('{"metric":{},"values":[[90,"1"]]}')],
    ['times out of order', wrap('{"metric":{},"values":[[30,"1"],[0,"1"]]}')],
    ['a time twice', wrap('{"metric":{},"values":[[0,"1"],[0,"1"]]}')],
    ['a float time', wrap('{"metric":{},"values":[[3e1,"1"]]}')],
    ['microseconds', wrap('{"metric":{},"values":[[30.0000001,"1"]]}')],
    ['a time without digits', wrap('{"metric":{},"values":[[.5,"1"]]}')],
    ['an unquoted value', wrap('{"metric":{},"values":[[0,1]]}')],
    ['NaN unquoted', wrap('{"metric":{},"values":[[0,NaN]]}')],
    ['an empty value', wrap('{"metric":{},"values":[[0,""]]}')],
    ['an escape in a value', wrap('{"metric":{},"values":[[0,"\\u0031"]]}')],
    ['a value that breaks out', wrap('{"metric":{},"values":[[0,"1\\"]]')],
    ['white space in a sample', wrap('{"metric":{},"values":[[0, "1"]]}')],
    ['a third element', wrap('{"metric":{},"values":[[0,"1",2]]}')],
    ['a trailing comma', wrap('{"metric":{},"values":[[0,"1"],]}')],
    ['unpaired brackets', wrap('{"metric":{},"histograms":[[0,{"a":[}]]}')],
    ['a control character', wrap('{"metric":{"a":"\u0001"},"values":[[0,"1"]]}')],
    ['200,000 open brackets', `{"status":"success","data":${'['.repeat(200_000)}`],
  ])('%s', (_name, body) => {
    expect(() => scanMatrix(Buffer.from(body), grid, 0)).toThrow(
      expect.objectContaining({ code: 'bad_gateway' }) as Error,
    )
  })

  it('any body with a byte cut out or put in, or cuts it rightly', () => {
    const whole = Buffer.from(wrap(`${one},{"metric":{"a":"c"},"histograms":[[60,${histogram}]]}`))
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), (at, byte, isCut) => {
        const mutant = isCut
          ? Buffer.concat([whole.subarray(0, at), whole.subarray(at + 1)])
          : Buffer.concat([whole.subarray(0, at), Buffer.of(byte), whole.subarray(at)])
        let extent: Extent
        try {
          extent = scanMatrix(mutant, grid, 0).extent
        } catch (error) {
          return (error as { code?: string }).code === 'bad_gateway'
        }
        // What is accepted and is JSON reads back as the same.
        const parsed = tryParse(mutant)
        if (parsed !== undefined) expect(JSON.parse(renderMatrix(extent).toString())).toEqual(parsed)
        return true
      }),
      { numRuns: 3000 },
    )
  })
})

function tryParse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}

describe('scanMatrix', () => {
  it('takes white space between elements and keeps annotations as they are', () => {
    const body = wrap(` ${one} `, ', "warnings": ["a \\"b\\""], "infos":["c"]')
    const { extent, annotations } = scanMatrix(Buffer.from(body), grid, 0)
    expect(annotations.warnings.map(String)).toEqual(['"a \\"b\\""'])
    expect(renderMatrix(extent, annotations).toString()).toBe(
      wrap(one, ',"warnings":["a \\"b\\""],"infos":["c"]'),
    )
    expect(sampleCount(extent)).toBe(2)
  })

  it('counts what it keeps in memory', () => {
    const body = Buffer.alloc(100_000, ' ')
    body.write(wrap(one).slice(0, -1))
    body.write('}', body.length - 1)
    const { extent } = scanMatrix(body, grid, 0)
    expect(extentBytes(extent)).toBeGreaterThan(100_000)
    const joined = mergeExtents(
      [cropExtent(extent, 0, 0) as Extent],
      [cropExtent(extent, 30_000, 60_000) as Extent],
      30_000,
    )
    expect(extentBytes(joined[0] as Extent)).toBeLessThan(5_000)
  })

  it('knows the last evaluation time', () => {
    expect(lastTime({ start: 10, end: 100, step: 30 })).toBe(100)
    expect(lastTime({ start: 10, end: 99, step: 30 })).toBe(70)
    expect(onGrid(99, 10, 30)).toBe(70)
    expect(onGrid(5, 10, 30)).toBe(-20)
  })
})
