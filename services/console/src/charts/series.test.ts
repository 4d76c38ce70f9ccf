import { describe, expect, it } from 'vitest'
import { columnAt } from './heatmap.tsx'
import { regionsOf } from './plot-draw.ts'
import { alignSeries } from './series.ts'
import { stackSeries } from './stack.ts'

describe('times of a chart', () => {
  it('puts series on common times; what is not there or not finite is null', () => {
    const a = { times: [10, 20, 30], values: [1, Number.NaN, 3] }
    const b = { times: [20, 30], values: [5, Number.POSITIVE_INFINITY] }
    expect(alignSeries([a, b])).toEqual({
      times: [10, 20, 30],
      values: [
        [1, null, 3],
        [null, 5, null],
      ],
    })
  })

  it('breaks the line where a step has no sample', () => {
    const { times, values } = alignSeries([{ times: [10, 20, 60, 70], values: [1, 2, 6, 7] }], 10)
    expect(times).toEqual([10, 20, 30, 60, 70])
    expect(values).toEqual([[1, 2, null, 6, 7]])
  })
})

describe('a heat map', () => {
  it.each([
    [100, [0, 0]],
    [110, [0, 0.1]],
    [150, [0.4, 0.5]],
    [205, [0.95, 1]],
  ])('has the counts until %d where their time is', (time, expected) => {
    expect(columnAt(time, { span: { from: 100, to: 200 }, step: 10 })).toEqual(expected)
  })
})

describe('annotations', () => {
  it('that overlap are one region of their colour', () => {
    const found = regionsOf([
      { from: 5, to: 9, text: 'b' },
      { from: 1, to: 6, text: 'a' },
      { from: 20, text: 'line' },
      { from: 4, to: 5, text: 'other', color: '--hue-red' },
      { from: 12, to: 14, text: 'c' },
    ])
    expect(found).toEqual([
      { from: 1, to: 9, color: '--accent' },
      { from: 4, to: 5, color: '--hue-red' },
      { from: 12, to: 14, color: '--accent' },
    ])
  })
})

describe('stacks', () => {
  const series = [
    { id: 'a', name: 'a', values: [1, 2], look: { stack: 'A' } },
    { id: 'b', name: 'b', values: [3, null], look: { stack: 'A' } },
    { id: 'line', name: 'line', values: [9, 9] },
    { id: 'c', name: 'c', values: [5, 5], look: { stack: 'A' } },
  ]

  it('adds what is in a group and leaves the rest', () => {
    expect(stackSeries(series, () => false)).toEqual({
      values: [
        [1, 2],
        [4, null],
        [9, 9],
        [9, 7],
      ],
      below: [undefined, 0, undefined, 1],
    })
  })

  it('gives no room to what is hidden', () => {
    const { values, below } = stackSeries(series, (id) => id === 'b')
    expect(values[3]).toEqual([6, 7])
    expect(below[3]).toBe(0)
  })

  it('stacks shares to one', () => {
    const shares = series.map((one) => ({ ...one, look: { stack: 'A', stackShare: true } }))
    expect(stackSeries(shares.slice(0, 2), () => false).values).toEqual([
      [0.25, 1],
      [1, null],
    ])
  })
})
