import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  exactFields,
  exactKey,
  extentFields,
  extentKey,
  keyBuilder,
  type KeyParts,
  type Times,
} from './key.ts'

const text = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom('', ':', 's1:a', 'u', 'n1;', 'l0:', 'a,b', '\ud800', '\udc80'),
)
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined })
const whole = fc.integer({ min: 0, max: 5 })
const times: fc.Arbitrary<Times> = fc.oneof(
  fc.record({
    kind: fc.constant('range' as const),
    start: whole,
    end: whole,
    step: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ kind: fc.constant('instant' as const), time: whole }),
  fc.record({ kind: fc.constant('lookup' as const), start: maybe(whole), end: maybe(whole) }),
)
const keyParts: fc.Arbitrary<KeyParts> = fc.record({
  orgUid: text,
  dataSourceUid: text,
  dataSourceVersion: whole,
  endpoint: fc.constantFrom('query', 'query_range', 'series', 'labels', 'label_values', 'metadata'),
  expressions: fc.array(text, { maxLength: 3 }),
  times,
  shards: fc.array(text, { maxLength: 3 }).map((names) => names.toSorted()),
  subject: maybe(text),
  lookbackDelta: maybe(whole),
  limit: maybe(whole),
  limitPerMetric: maybe(whole),
  stats: maybe(text),
})
const fields = Object.keys(exactFields) as (keyof KeyParts)[]

type Build = (parts: KeyParts) => string

/** Requests that differ in one part only must have two keys; equal ones, one. */
function checkInjective(build: Build): void {
  fc.assert(
    fc.property(keyParts, keyParts, fc.constantFrom(...fields), (a, other, field) => {
      const b = { ...a, [field]: other[field] }
      const same = encodeTruth(a[field]) === encodeTruth(b[field])
      return (build(a) === build(b)) === same
    }),
    { numRuns: 3000, seed: 7 },
  )
}

describe('exactKey', () => {
  it('tells requests apart that differ in any one part', () => checkInjective(exactKey))

  it('tells any two different requests apart', () => {
    fc.assert(
      fc.property(keyParts, keyParts, (a, b) => {
        const equal = fields.every((field) => encodeTruth(a[field]) === encodeTruth(b[field]))
        return (exactKey(a) === exactKey(b)) === equal
      }),
      { numRuns: 3000 },
    )
  })

  // The mutation run: whichever part is left out, the check above must notice.
  it.each(fields)('would not, were %s left out', (field) => {
    const { [field]: _dropped, ...rest } = exactFields
    expect(() => checkInjective(keyBuilder('answer-1', rest))).toThrow(/Property failed/)
  })

  it.each([
    [
      'no lengths',
      (parts: KeyParts) =>
        Object.values(exactFields)
          .map((read) => String(read(parts)))
          .join(':'),
    ],
    [
      'no types',
      (parts: KeyParts) => JSON.stringify(Object.values(exactFields).map((read) => String(read(parts)))),
    ],
  ])('would not with %s', (_name, build) => {
    expect(() => checkInjective(build)).toThrow(/Property failed/)
  })
})

function encodeTruth(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) => (inner === undefined ? { undefined: true } : inner)) ??
    'undefined'
  )
}

const base: KeyParts = {
  orgUid: 'o',
  dataSourceUid: 'd',
  dataSourceVersion: 1,
  endpoint: 'query_range',
  expressions: ['up{tenant="a"}'],
  times: { kind: 'range', start: 1_000_030, end: 2_000_000, step: 60_000 },
  shards: ['a', 'b'],
  subject: undefined,
  lookbackDelta: undefined,
  limit: undefined,
  limitPerMetric: undefined,
  stats: undefined,
}
const range = (start: number, end: number, step: number): KeyParts => ({
  ...base,
  times: { kind: 'range', start, end, step },
})

describe('extentKey', () => {
  it('is shared by ranges of one step and phase, and by no others', () => {
    const key = extentKey(range(30, 600_030, 60_000))
    expect(extentKey(range(60_030, 90_000_000, 60_000))).toBe(key)
    expect(extentKey(range(-59_970, 0, 60_000))).toBe(key)
    expect(extentKey(range(31, 600_030, 60_000))).not.toBe(key)
    expect(extentKey(range(30, 600_030, 30_000))).not.toBe(key)
    expect(exactKey(range(30, 600_030, 60_000))).not.toBe(key)
  })

  it('does not depend on the order of shard names', () => {
    expect(extentKey({ ...base, shards: ['b', 'a'] })).toBe(extentKey(base))
  })

  it.each(fields)('would mix answers up, were %s left out', (field) => {
    const { [field]: _dropped, ...rest } = extentFields
    const other: KeyParts = { ...different, expressions: ['x'] }
    const b = { ...base, [field]: other[field] }
    expect(extentKey(base)).not.toBe(extentKey(b))
    const careless = keyBuilder('extents-1', rest)
    expect(careless(base)).toBe(careless(b))
  })
})

const different: KeyParts = {
  orgUid: 'o2',
  dataSourceUid: 'd2',
  dataSourceVersion: 2,
  endpoint: 'query',
  expressions: [],
  times: { kind: 'range', start: 1_000_030, end: 2_000_000, step: 30_000 },
  shards: ['a'],
  subject: '',
  lookbackDelta: 0,
  limit: 0,
  limitPerMetric: 0,
  stats: '',
}
