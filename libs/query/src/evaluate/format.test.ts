import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDecimal, formatTimestamp, formatValue, parseValue } from './format.ts'

describe('values', () => {
  it.each([
    [0, '0'],
    [-0, '-0'],
    [1.5, '1.5'],
    [1e-6, '0.000001'],
    [1e-7, '1e-07'],
    [1.25e-9, '1.25e-09'],
    [1e20, '100000000000000000000'],
    [1e21, '1e+21'],
    [-1.7976931348623157e308, '-1.7976931348623157e+308'],
    [NaN, 'NaN'],
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
  ])('%d prints as %s', (value, text) => {
    expect(formatValue(value)).toBe(text)
    expect(parseValue(text)).toBe(value)
  })

  it.each([
    [1e-7, '0.0000001'],
    [-1.25e-9, '-0.00000000125'],
    [1.5e21, '1500000000000000000000'],
    [1.2345e22, '12345000000000000000000'],
    [Infinity, '+Inf'],
    [0.1, '0.1'],
  ])('%d without an exponent is %s', (value, text) => {
    expect(formatDecimal(value)).toBe(text)
  })

  it('come back from their text as they were', () => {
    const property = fc.property(fc.double(), (value) => {
      const isSame = (text: string) => Object.is(parseValue(text), value)
      return isSame(formatValue(value)) && isSame(formatDecimal(value))
    })
    fc.assert(property, { numRuns: 2000 })
  })
})

it.each([
  [1_700_000_000_000, '1700000000'],
  [1_500, '1.500'],
  [1_001, '1.001'],
  [-1_250, '-1.250'],
  [0, '0'],
])('%d ms print as %s', (ms, text) => {
  expect(formatTimestamp(ms)).toBe(text)
})
