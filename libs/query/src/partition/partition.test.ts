import type { Matcher } from '@gatehouse/promql'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Conjunction } from '../model.ts'
import { matchOf } from './match.ts'
import { maxPartitions, partition } from './partition.ts'

const m = (text: string): Matcher => {
  const match = /^(\w+)(=~|!~|!=|=)(.*)$/.exec(text)
  const [, name = '', op = '=', value = ''] = match ?? []
  return { name, op: op as Matcher['op'], value }
}
const show = (parts: readonly Conjunction[]) =>
  parts.map((part) => part.map((x) => `${x.name}${x.op}${x.value}`).join(','))

describe('partition', () => {
  it.each([
    ['one alternative', ['t=a'], ['t=a']],
    ['values of one label become one matcher', ['t=a', 't=b', 't=c'], ['t=~a|b|c']],
    ['values are escaped', ['t=a.b', 't=c|d'], ['t=~a\\.b|c\\|d']],
    ['a regex joins literals', ['ns=~x-.*', 'ns=y.z'], ['ns=~(?:x-.*)|y\\.z']],
    ['covered alternatives go', ['t=a', 't=a,env=prod'], ['t=a']],
    ['covered by literals', ['t=~a|b', 't=a,env=prod'], ['t=~a|b']],
    [
      'different labels become disjoint',
      ['t=a,team=x', 't=a,env=prod'],
      ['t=a,team=x', 't=a,env=prod,team!=x'],
    ],
    ['already disjoint', ['t=a,team=x', 't=b,env=prod'], ['t=a,team=x', 't=b,env=prod']],
    ['literals are narrowed rather than negated', ['t=a', 't=~a|b,env=prod'], ['t=a', 'env=prod,t=b']],
    ['a contradiction admits nothing', ['t=a,t=b', 't=c'], ['t=c']],
    ['the same twice', ['t=a', 't=a'], ['t=a']],
  ])('%s', (_name, alternatives, expected) => {
    expect(show(partition({ alternatives: alternatives.map((text) => text.split(',').map(m)) }))).toEqual(
      expected,
    )
  })

  it('refuses when it would take too many partitions', () => {
    const alternatives = Array.from({ length: 8 }, (_, i) => [m(`a${i}=x`), m(`b${i}=x`), m(`c${i}=x`)])
    expect(() => partition({ alternatives })).toThrow(`more than ${maxPartitions}`)
  })

  const matcher = fc.record({
    name: fc.constantFrom('a', 'b', 'c'),
    op: fc.constantFrom<Matcher['op']>('=', '!=', '=~', '!~'),
    value: fc.constantFrom('', 'x', 'y', 'x|y', 'x.', '.*', '.+', 'x\\.|y', 'y?', '(?:x|y)z', '[xy]', 'x|'),
  })
  const alternatives = fc.array(fc.array(matcher, { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 4,
  })
  const value = fc.constantFrom('', 'x', 'y', 'x.', 'xz', 'yz', 'z', 'x|y')
  const series = fc.record({ a: value, b: value, c: value })

  it('admits exactly the union, every series in one partition', () => {
    const admits = (conjunction: Conjunction, labels: Record<string, string>) =>
      conjunction.every((one) => matchOf(one)?.(labels[one.name] ?? '') === true)
    const property = fc.property(alternatives, fc.array(series, { maxLength: 30 }), (or, list) => {
      let parts: readonly Conjunction[]
      try {
        parts = partition({ alternatives: or })
      } catch (error) {
        return String(error).includes('more than')
      }
      return list.every((labels) => {
        const expected = or.some((conjunction) => admits(conjunction, labels)) ? 1 : 0
        return parts.filter((part) => admits(part, labels)).length === expected
      })
    })
    fc.assert(property, { numRuns: 3000 })
  })
})
