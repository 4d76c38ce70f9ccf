import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  durationSeconds,
  parseDuration,
  parseNumber,
  printDuration,
  printNumber,
  secondsToMs,
} from './numbers.ts'

describe('parseNumber', () => {
  it.each([
    ['0', 0],
    ['42', 42],
    ['1.', 1],
    ['.5', 0.5],
    ['1e3', 1000],
    ['1E-3', 0.001],
    ['Inf', Infinity],
    ['nAn', NaN],
    ['0x1F', 31],
    ['0x1e', 30],
    ['017', 15],
    ['00', 0],
    ['08', 8],
    ['007.5', 7.5],
    ['1_000', 1000],
    ['0x_ff', 255],
    ['0_7', 7],
    ['0_8', 8],
    ['1_0.5', 10.5],
    ['1e1_0', 1e10],
    ['9007199254740993', 9007199254740992],
    ['9223372036854775807', 2 ** 63],
    ['9223372036854775808', 2 ** 63],
    ['0777777777777777777777777', 7.777777777777778e23],
    ['1e-400', 0],
    ['5e-324', 5e-324],
  ])('reads %s', (text, value) => {
    expect(parseNumber(text)).toBe(value)
  })

  it.each([
    '1e400',
    '1e',
    '0x',
    '0xg',
    '0b1',
    '0o7',
    '1__0',
    '1_',
    '_1',
    '1_.5',
    '1._5',
    '1_e9',
    '1e_9',
    '1.2.3',
    '1e5.5',
    '0x8000000000000000',
    '0x1p3',
    '0x1.8',
    '',
    '+1',
  ])('refuses %j', (text) => {
    expect(parseNumber(text)).toBeUndefined()
  })
})

describe('printNumber', () => {
  it('gives back the same bits', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        const text = printNumber(value)
        const read = text.startsWith('-') ? -(parseNumber(text.slice(1)) ?? 0) : parseNumber(text)
        expect(read).toBe(value)
      }),
      { numRuns: 5000 },
    )
  })

  it('writes whole numbers that no leading zero turns octal', () => {
    expect([0, -0, 8, 1e21, 2 ** 63, NaN, Infinity, -Infinity].map(printNumber)).toEqual([
      '0',
      '-0',
      '8',
      '1e+21',
      '9223372036854776000',
      'NaN',
      'Inf',
      '-Inf',
    ])
  })
})

describe('durations', () => {
  it.each([
    ['5m', 300_000, '5m'],
    ['1h30m', 5_400_000, '1h30m'],
    ['90s', 90_000, '1m30s'],
    ['7d', 604_800_000, '1w'],
    ['8d', 691_200_000, '8d'],
    ['365d', 31_536_000_000, '1y'],
    ['1y2w3d4h5m6s7ms', 33_019_506_007, '382d4h5m6s7ms'],
    ['250ms', 250, '250ms'],
    ['0s', 0, '0s'],
    ['292y', 9_208_512_000_000, '292y'],
  ])('%s', (text, ms, canonical) => {
    expect(parseDuration(text)).toBe(ms)
    expect(printDuration(ms)).toBe(canonical)
  })

  it.each([
    '',
    '5',
    'm',
    '5x',
    '1m1h',
    '1h1h',
    '1.5h',
    '-5m',
    '5m ',
    '300y',
    '9999999999999999999y',
    '1ms1s',
  ])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined()
  })

  it('print as what reads back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9_223_372_036_854 }), (ms) => {
        expect(parseDuration(printDuration(ms))).toBe(ms)
      }),
    )
  })

  it.each([
    [300, 300_000],
    [0.25, 250],
    [60.001, 60_001],
    [-1.5, -1500],
    [0, 0],
    [-0, 0],
    [0.0001, undefined],
    [1.0005, undefined],
    [5e-324, undefined],
    [1e10, undefined],
    [NaN, undefined],
    [Infinity, undefined],
  ])('%d seconds are %s ms', (seconds, ms) => {
    expect(secondsToMs(seconds)).toBe(ms)
  })

  it('have their seconds as Go computes them', () => {
    expect([durationSeconds(90_061_001), durationSeconds(1), durationSeconds(300_000)]).toEqual([
      90061.001, 0.001, 300,
    ])
  })
})
