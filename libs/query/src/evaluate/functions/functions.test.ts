import { describe, expect, it } from 'vitest'
import { labelsOf, printLabels } from '../labels.ts'
import type { Series } from '../model.ts'
import { semanticsOf } from '../semantics.ts'
import { bucketFraction, bucketQuantile } from './buckets.ts'
import { applyDate, applyDateToTime, areDates } from './date.ts'
import { applyFloatFunction } from './float.ts'
import { labelJoin, labelReplace } from './label.ts'
import { sortByLabel, sortByValue } from './sort.ts'

const old = semanticsOf('2.53')
const current = semanticsOf('3.5')

function series(value: number, labels: Record<string, string> = {}): Series {
  return {
    labels: labelsOf(Object.entries(labels)),
    values: new Float64Array([value]),
    present: new Uint8Array([1]),
    histograms: undefined,
  }
}
const column = (value: number) => new Float64Array([value])

describe('float functions', () => {
  it.each<[string, number, readonly number[], number | undefined]>([
    ['round', 2.5, [], 3],
    ['round', -2.5, [], -2],
    ['round', 7, [5], 5],
    ['round', 0.15, [0.1], 0.2],
    ['sgn', -0, [], -0],
    ['clamp', 5, [0, 3], 3],
    ['clamp', 5, [3, 0], undefined],
    ['clamp_min', NaN, [Infinity], Infinity],
    ['clamp_max', NaN, [-Infinity], -Infinity],
    ['clamp_min', NaN, [3], NaN],
    ['deg', Math.PI, [], 180],
    ['ln', 0, [], -Infinity],
  ])('%s(%d, %j) is %d', (name, value, params, expected) => {
    const [result] = applyFloatFunction(name, [series(value, { __name__: 'x', a: 'b' })], params.map(column))
    expect(result?.values[0]).toEqual(expected)
    if (result !== undefined) expect(printLabels(result.labels)).toBe('{a="b"}')
  })
})

describe('date functions', () => {
  // 29 February 2024, 23:59:59 UTC, a Thursday.
  const leap = Date.UTC(2024, 1, 29, 23, 59, 59) / 1000
  it.each([
    ['year', 2024],
    ['month', 2],
    ['day_of_month', 29],
    ['day_of_week', 4],
    ['day_of_year', 60],
    ['days_in_month', 29],
    ['hour', 23],
    ['minute', 59],
  ])('%s is %d', (name, expected) => {
    expect(applyDate(name, [series(leap + 0.9)])[0]?.values[0]).toBe(expected)
    expect(applyDateToTime(name, { start: leap * 1000 + 900, step: 0, count: 1 })[0]?.values[0]).toBe(
      expected,
    )
  })

  it('know what is no date', () => {
    expect([NaN, Infinity, 1e15, 0, -1e9].map((value) => areDates([series(value)]))).toEqual([
      false,
      false,
      false,
      true,
      true,
    ])
  })
})

describe('label_replace', () => {
  const replace = (value: string, args: readonly string[], semantics = old) =>
    labelReplace([series(1, { src: value, dst: 'before' })], args, semantics)[0]?.labels.get('dst')

  it.each([
    ['a-b', ['dst', '$2-$1', 'src', '(.*)-(.*)'], 'b-a'],
    ['a-b', ['dst', '${1}x', 'src', '(.*)-(.*)'], 'ax'],
    ['a-b', ['dst', '$1x', 'src', '(.*)-(.*)'], undefined],
    ['a-b', ['dst', '$name', 'src', '(?P<name>.)-.'], 'a'],
    ['a-b', ['dst', '$$1', 'src', '.*'], '$1'],
    ['a-b', ['dst', '$', 'src', '.*'], '$'],
    ['a-b', ['dst', '${', 'src', '.*'], '${'],
    ['a-b', ['dst', '$7', 'src', '.*'], undefined],
    ['a-b', ['dst', '$0', 'src', '.-.'], 'a-b'],
    ['a-b', ['dst', 'x', 'src', 'a'], 'before'],
    ['a-b', ['dst', 'x', 'missing', ''], 'x'],
  ])('of %s with %j gives %s', (value, args, expected) => {
    expect(replace(value, args)).toBe(expected)
  })

  it('lets a dot match a newline from 3.0 on', () => {
    expect([old, current].map((semantics) => replace('a\nb', ['dst', 'x', 'src', 'a.b'], semantics))).toEqual(
      ['before', 'x'],
    )
  })

  it.each([
    [['dst', '', 'src', '('], 'invalid regular expression in label_replace(): ('],
    [['a-b', '', 'src', ''], 'invalid destination label name in label_replace(): a-b'],
  ])('%j is refused', (args, message) => {
    expect(() => replace('a', args)).toThrow(message)
  })

  it('refuses what becomes equal', () => {
    const two = [series(1, { a: 'x' }), series(2, { a: 'y' })]
    expect(() => labelReplace(two, ['a', 'z', '', ''], old)).toThrow('same labelset')
    expect(() => labelJoin(two, ['a', '', 'b'], current)).toThrow('same labelset')
    // Prometheus 2 answers with both.
    expect(labelJoin(two, ['a', '', 'b'], old)).toHaveLength(2)
  })
})

describe('classic histograms', () => {
  const buckets = [
    { bound: 1, count: 2 },
    { bound: 2, count: 6 },
    { bound: Infinity, count: 8 },
  ]
  it.each([
    [0.5, 1.5],
    [0.1, 0.4],
    [0.9, 2],
    [0, 0],
    [-1, -Infinity],
    [2, Infinity],
  ])('the %d-quantile is %d', (phi, expected) => {
    expect(bucketQuantile(phi, buckets.toReversed())).toBeCloseTo(expected, 12)
  })

  it.each([
    ['no upper bucket', buckets.slice(0, 2), NaN],
    ['one bucket', buckets.slice(2), NaN],
    ['no observations', buckets.map((bucket) => ({ ...bucket, count: 0 })), NaN],
    [
      'a lowest bucket below zero',
      [
        { bound: -1, count: 8 },
        { bound: Infinity, count: 8 },
      ],
      -1,
    ],
    [
      'counts that decrease',
      [
        { bound: 1, count: 6 },
        { bound: 2, count: 5 },
        { bound: Infinity, count: 6 },
      ],
      0.5,
    ],
    [
      'a bound twice',
      [
        { bound: 1, count: 1 },
        { bound: 1, count: 3 },
        { bound: Infinity, count: 4 },
      ],
      0.5,
    ],
  ])('with %s the median is as Prometheus has it', (_name, list, expected) => {
    expect(bucketQuantile(0.5, list)).toBe(expected)
  })

  it.each([
    [0, 1, 0.25],
    [1, 2, 0.5],
    [1.5, 2, 0.25],
    [-Infinity, Infinity, 1],
    [2, 1, 0],
  ])('the fraction between %d and %d is %d', (lower, upper, expected) => {
    expect(bucketFraction(lower, upper, [{ bound: 0, count: 0 }, ...buckets])).toBeCloseTo(expected, 12)
  })
})

it('histograms know nothing about NaN', () => {
  const buckets = [{ bound: Infinity, count: 8 }]
  expect(bucketQuantile(NaN, buckets)).toBeNaN()
  expect(bucketFraction(NaN, 1, buckets)).toBeNaN()
})

describe('sorting', () => {
  it('puts NaN last both ways', () => {
    const list = [series(NaN), series(2), series(1)]
    const values = (sorted: readonly Series[]) => sorted.map((one) => one.values[0])
    expect(values(sortByValue(list, false))).toEqual([1, 2, NaN])
    expect(values(sortByValue(list, true))).toEqual([2, 1, NaN])
  })

  it('orders label values naturally', () => {
    const names = ['v10', 'v9', 'v9a', 'v', 'x1', 'v10b2', 'v10b10']
    const list = names.map((v) => series(1, { v }))
    const sorted = ['v', 'v9', 'v9a', 'v10', 'v10b2', 'v10b10', 'x1']
    expect(sortByLabel(list, ['v'], false).map((one) => one.labels.get('v'))).toEqual(sorted)
    expect(sortByLabel(list, ['v'], true).map((one) => one.labels.get('v'))).toEqual(sorted.toReversed())
  })
})
