import { describe, expect, it } from 'vitest'
import { comparePromql, tokenize } from './promql-tokens.ts'
import { sparklinePoints } from './sparkline.tsx'
import { sortRows } from './table.tsx'
import { agoText } from './time.tsx'
import { rowHeight, rowsInView } from './use-window.ts'

describe('tokenize', () => {
  it.each([
    ['up', 'name:up'],
    [
      'sum by (job) (rate(x{a="b"}[5m]))',
      'function:sum keyword:by operator:( name:job operator:) operator:( function:rate operator:( name:x operator:{ label:a operator:= string:"b" operator:} operator:[ number:5m operator:] operator:) operator:)',
    ],
    ['a # note', 'name:a comment:# note'],
    ['"open', 'string:"open'],
  ])('%s', (text, expected) => {
    const tokens = tokenize(text)
    expect(tokens.map(({ text: part }) => part).join('')).toBe(text)
    expect(
      tokens
        .filter(({ kind }) => kind !== 'space')
        .map((token) => `${token.kind}:${token.text}`)
        .join(' '),
    ).toBe(expected)
  })
})

describe('comparePromql', () => {
  it('marks a matcher as a whole', () => {
    const pieces = comparePromql('up{job="x"}', 'up{job="x",tenant="a"}')
    const changed = pieces.filter(({ change }) => change !== 'same')
    expect(changed.map(({ change, text }) => `${change} ${text}`)).toEqual(['added ,', 'added tenant="a"'])
  })

  it('marks braces that were not there, and what was taken away', () => {
    expect(comparePromql('up + 1', 'up{a="b"}').map(({ change, text }) => `${change} ${text}`)).toEqual([
      'same up',
      'added {',
      'added a="b"',
      'added }',
      'removed +',
      'removed 1',
    ])
  })
})

describe('rowsInView', () => {
  it.each([
    [1_000, 0, 370, 0, 22],
    [1_000, 370 * 10, 370, 88, 122],
    [5, 0, 370, 0, 5],
    [0, 0, 370, 0, 0],
  ])('%i rows at %i px of %i px', (count, top, height, from, until) => {
    expect(rowHeight).toBe(37)
    expect(rowsInView(count, top, height)).toEqual({ from, until })
  })
})

describe('sortRows', () => {
  const columns = [{ id: 'n', title: 'n', cell: String, sortBy: (row: string) => row }]
  it.each([
    [undefined, ['b', 'a10', 'a9']],
    [{ id: 'n', isDown: false }, ['a9', 'a10', 'b']],
    [{ id: 'n', isDown: true }, ['b', 'a10', 'a9']],
    [{ id: 'gone', isDown: true }, ['b', 'a10', 'a9']],
  ])('%j', (order, expected) => {
    expect(sortRows(['b', 'a10', 'a9'], columns, order)).toEqual(expected)
  })
})

describe('sparklinePoints', () => {
  it.each([
    [[], ''],
    [[1], '0.0,9.0'],
    [[0, 10], '0.0,9.0 10.0,1.0'],
    [[0, Number.NaN, 10], '0.0,9.0 10.0,1.0'],
  ])('%j', (values, points) => {
    expect(sparklinePoints(values, 10, 10)).toBe(points)
  })
})

describe('agoText', () => {
  it.each([
    [0, 'now'],
    [-30_000, '30 seconds ago'],
    [-7_200_000, '2 hours ago'],
    [3_600_000 * 49, 'in 2 days'],
  ])('%i', (at, text) => {
    expect(agoText(at, 0)).toBe(text)
  })
})
