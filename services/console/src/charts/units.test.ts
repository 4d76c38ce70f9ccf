import { describe, expect, it } from 'vitest'
import { formatValue } from './units.ts'

describe('units', () => {
  it.each([
    [0, 'none', undefined, '0'],
    [12, '', undefined, '12'],
    [0.5, 'none', undefined, '0.500'],
    [1234.5, 'short', undefined, '1.23 K'],
    [1_500_000, 'short', 1, '1.5 Mil'],
    [0.25, 'percentunit', undefined, '25%'],
    [0.99952, 'percentunit', 2, '99.95%'],
    [12.345, 'percent', 1, '12.3%'],
    [0.0042, 's', undefined, '4.20 ms'],
    [0, 's', undefined, '0 s'],
    [90, 's', undefined, '1.50 mins'],
    [7_200, 's', undefined, '2 hours'],
    [250, 'ms', undefined, '250 ms'],
    [1_500, 'ms', undefined, '1.50 s'],
    [3.2e-7, 's', 0, '320 ns'],
    [1_536, 'bytes', undefined, '1.50 KiB'],
    [1_000, 'decbytes', undefined, '1 kB'],
    [2, 'mbytes', undefined, '2 MiB'],
    [1_048_576, 'binBps', undefined, '1 MiB/s'],
    [12_345, 'reqps', 1, '12.3 K req/s'],
    [3, 'reqps', undefined, '3 req/s'],
    [65, 'dthms', undefined, '0:01:05'],
    [1, 'bool', undefined, 'True'],
    [0, 'bool_yes_no', undefined, 'No'],
    [45.5, 'celsius', 0, '46 °C'],
    [3, 'suffix:tokens', undefined, '3 tokens'],
    [4, 'furlongs', undefined, '4 furlongs'],
    [Number.NaN, 'short', undefined, 'NaN'],
    [Number.POSITIVE_INFINITY, 'bytes', undefined, '+Inf B'],
    [-0.0001, 'none', 2, '0.00'],
    [1.86e-10, 'short', undefined, '1.86e-10'],
    [1.86e-10, 'short', 2, '0.00'],
    [1_200_000, 'locale', undefined, '1,200,000'],
  ])('%s in %s with %s decimals is %s', (value, unit, decimals, text) => {
    expect(formatValue(value, unit, decimals)).toBe(text)
  })

  it('writes a dash for no value', () => {
    expect(formatValue(null, 's')).toBe('–')
  })
})
