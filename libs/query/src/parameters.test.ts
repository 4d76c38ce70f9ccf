import { describe, expect, it } from 'vitest'
import { formatTime, parseDuration, parseLimit, parseTime, rangeOf } from './parameters.ts'

describe('parseTime', () => {
  it.each([
    ['0', 0],
    ['4', 4_000],
    ['-1.5', -1_500],
    ['1700000000.123', 1_700_000_000_123],
    ['1.7e9', 1_700_000_000_000],
    ['+.5', 500],
    ['1.', 1_000],
    ['0.0004', 0],
    ['0.0005', 1],
    ['1700000000000', 1_700_000_000_000_000],
    ['2015-06-03T13:21:58.555Z', 1_433_337_718_555],
    ['2015-06-03T14:21:58.555999999+01:00', 1_433_337_718_555],
    ['2015-06-03T14:21:58,5+01:00', 1_433_337_718_500],
    ['2024-02-29T00:00:00Z', 1_709_164_800_000],
    ['0001-01-01T00:00:00Z', -62_135_596_800_000],
  ])('%s → %d', (text, ms) => {
    expect(parseTime('time', text)).toBe(ms)
  })

  it.each(
    // biome-ignore format: a table
    ['', ' 1', 'NaN', 'nan', '+Inf', 'Infinity', '1e400', '0x10', '1_000', '1e16', 'now', '2015-06-03', '2015-06-03T13:21:58',
     '2015-02-30T00:00:00Z', '2015-13-01T00:00:00Z', '2015-06-03T24:00:00Z', '2015-06-03t13:21:58z', '٣', '1,5'],
  )('refuses %j', (text) => {
    expect(() => parseTime('start', text)).toThrow(
      `invalid parameter "start": cannot parse ${JSON.stringify(text)} to a valid timestamp`,
    )
  })

  it('prints what it read', () => {
    for (const ms of [0, 4_000, -1_500, 1_700_000_000_123, 1_433_337_718_555]) {
      expect(parseTime('time', formatTime(ms))).toBe(ms)
    }
  })
})

describe('parseDuration', () => {
  it.each([
    ['15', 15_000],
    ['0.015', 15],
    ['1.5', 1_500],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1d1ms', 86_400_001],
    ['0', 0],
    ['0.0001', 0],
    ['-1', -1_000],
  ])('%s → %d ms', (text, ms) => {
    expect(parseDuration('step', text)).toBe(ms)
  })

  it.each(['', 'NaN', '1h1d', '5 m', '1.5h', '-5m', '1e400', '99999999y', '0x1'])('refuses %j', (text) => {
    expect(() => parseDuration('step', text)).toThrow(/invalid parameter "step": cannot parse/)
  })
})

describe('parseLimit', () => {
  it.each([
    ['0', 0],
    ['40000', 40_000],
  ])('%s', (text, limit) => expect(parseLimit('limit', text)).toBe(limit))
  it.each(['', '-1', '1.5', '1e3', '99999999999999999999', 'x'])('refuses %j', (text) => {
    expect(() => parseLimit('limit', text)).toThrow(/invalid parameter "limit"/)
  })
})

describe('rangeOf', () => {
  it('keeps Prometheus’s rules and words', () => {
    expect(rangeOf(0, 11_000, 1)).toEqual({ start: 0, end: 11_000, step: 1 })
    expect(() => rangeOf(0, 11_001, 1)).toThrow(/exceeded maximum resolution of 11,000 points per timeseries/)
    expect(() => rangeOf(1, 0, 1)).toThrow(
      'invalid parameter "end": end timestamp must not be before start time',
    )
    expect(() => rangeOf(0, 1, 0)).toThrow(/zero or negative query resolution step widths are not accepted/)
  })
})
