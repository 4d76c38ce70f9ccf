import { describe, expect, it } from 'vitest'
import { parse } from './parse.ts'
import {
  compareVersions,
  dependsOnRange,
  featuresOf,
  requiredVersion,
  unsupportedFeature,
} from './versions.ts'

describe('requiredVersion', () => {
  it.each([
    ['sum by (job) (rate(up{a="b"}[5m] offset 1m))', undefined],
    ['a atan2 b', { version: '2.31', feature: 'atan2' }],
    ['up @ 5', { version: '2.33', feature: 'the @ modifier' }],
    ['up offset -5m', { version: '2.33', feature: 'negative offsets' }],
    ['(a)[5m:] offset -5m', { version: '2.33', feature: 'negative offsets' }],
    ['limitk(1, up)', { version: '2.54', feature: 'limitk' }],
    ['{"my.metric"}', { version: '3.0', feature: 'quoted metric and label names' }],
    ['up{"a.b"="c"}', { version: '3.0', feature: 'quoted metric and label names' }],
    ['rate({"on"}[5m])', { version: '3.0', feature: 'quoted metric and label names' }],
    ['sum by ("a.b") (up)', { version: '3.0', feature: 'quoted metric and label names' }],
    ['sum by (a:b) (up)', { version: '3.0', feature: 'quoted metric and label names' }],
    ['a * on ("without") b', { version: '3.0', feature: 'quoted metric and label names' }],
    ['a * on (x) group_left ("y.z") b', { version: '3.0', feature: 'quoted metric and label names' }],
    ['ts_of_max_over_time(mad_over_time(a[5m])[1h:])', { version: '3.5', feature: 'ts_of_max_over_time()' }],
  ])('of %s', (query, wanted) => {
    expect(requiredVersion(parse(query))).toEqual(wanted)
  })

  it.each(['{"up"}', '{"up","a"="b"}', 'up[300]', '1h', '0x_1f', 'sum by ("job") (up)', '{"up","down"}'])(
    'is none for %s, which prints in the old form',
    (query) => {
      expect(requiredVersion(parse(query))).toBeUndefined()
    },
  )
})

describe('unsupportedFeature', () => {
  it.each([
    ['mad_over_time(a[1h])', '2.48.1', 'mad_over_time()'],
    ['mad_over_time(a[1h])', '2.49.0', undefined],
    ['holt_winters(a[1h], 0.5, 0.5)', '2.53.3+ds1', undefined],
    ['holt_winters(a[1h], 0.5, 0.5)', '3.0.0', 'holt_winters()'],
    ['double_exponential_smoothing(a[1h], 0.5, 0.5)', '2.55.0', 'double_exponential_smoothing()'],
    ['double_exponential_smoothing(a[1h], 0.5, 0.5)', '3.0', undefined],
  ])('%s on %s: %s', (query, version, feature) => {
    expect(unsupportedFeature(parse(query), version)?.feature).toBe(feature)
  })

  it('tells which are experimental', () => {
    const experimental = featuresOf(parse('limitk(1, mad_over_time(a[1h]) + sgn(b))')).map((feature) => [
      feature.feature,
      feature.experimental ?? false,
    ])
    expect(experimental).toEqual([
      ['limitk', true],
      ['mad_over_time()', true],
      ['sgn()', false],
    ])
  })
})

describe('compareVersions', () => {
  it('compares numbers, not text', () => {
    const sorted = ['3.10', '2.9', '3.2.1', '2.53.3+ds1', '3.2'].toSorted(compareVersions)
    expect(sorted).toEqual(['2.9', '2.53.3+ds1', '3.2.1', '3.2', '3.10'])
  })
})

describe('dependsOnRange', () => {
  it.each([
    ['up', false],
    ['up @ 5', false],
    ['up @ start()', true],
    ['rate(up[5m] @ end())', true],
    ['max_over_time((a)[1h:] @ end())', true],
    ['sum(a) * step()', true],
    ['max_of(1, 2)', false],
    ['time() + start', false],
  ])('%s: %s', (query, depends) => {
    expect(dependsOnRange(parse(query))).toBe(depends)
  })
})
