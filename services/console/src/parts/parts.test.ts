import { describe, expect, it } from 'vitest'
import { list } from './list.ts'
import { bytesText, durationText, lagText, secondsText } from './quantities.ts'
import { seriesText } from './series-text.ts'
import { sentenceOf } from '../api/client.ts'

describe('seriesText', () => {
  it.each([
    [{}, '{}'],
    [{ __name__: 'up' }, 'up'],
    [{ __name__: 'up', job: 'a"b\\c' }, String.raw`up{job="a\"b\\c"}`],
    [{ env: 'prod', team: 'x' }, '{env="prod", team="x"}'],
  ])('%j', (labels: Record<string, string>, text) => {
    expect(seriesText(labels)).toBe(text)
  })
})

describe('sentenceOf', () => {
  it.each([
    [{ detail: 'why' }, 'why'],
    [{ error: 'why', errorType: 'bad_data' }, 'why'],
    [{ detail: 5 }, undefined],
    [null, undefined],
    ['text', undefined],
  ])('%j', (body, sentence) => {
    expect(sentenceOf(body)).toBe(sentence)
  })
})

describe('quantities', () => {
  it('are given in the unit that reads best', () => {
    expect([undefined, 0, 0.0004, 0.0251, 2.44, 45].map(secondsText)).toEqual([
      '–',
      '<0.1 ms',
      '0.4 ms',
      '25 ms',
      '2.4 s',
      '45 s',
    ])
    expect([null, 0.42, 12, 3_400].map(durationText)).toEqual(['–', '0.4 ms', '12 ms', '3.4 s'])
    expect([4, 90, 7_200].map(lagText)).toEqual(['4 s', '2 min', '2 h'])
    expect([0, 999, 1_536, 268_435_456].map(bytesText)).toEqual(['0 B', '999 B', '1.5 KiB', '256 MiB'])
  })
})

describe('list', () => {
  it('joins with and, or or', () => {
    expect([list(['a']), list(['a', 'b']), list(new Set(['a', 'b', 'c']), 'disjunction')]).toEqual([
      'a',
      'a and b',
      'a, b or c',
    ])
  })
})
