import { parseMatchers } from '@gatehouse/promql'
import { describe, expect, it } from 'vitest'
import { createAdmission } from './admission.ts'

const admits = createAdmission([
  parseMatchers('{tenant="a",env!="dev"}'),
  parseMatchers('{tenant=~"b|c",team=~"x.*"}'),
])

describe('createAdmission', () => {
  it.each([
    [{ tenant: 'a' }, true],
    [{ tenant: 'a', env: 'prod' }, true],
    [{ tenant: 'a', env: 'dev' }, false],
    [{ tenant: 'b', team: 'x1' }, true],
    [{ tenant: 'bb', team: 'x1' }, false],
    [{ tenant: 'c' }, false],
    [{}, false],
    [{ team: 'x' }, false],
  ])('%j: %s', (labels, expected) => expect(admits(labels)).toBe(expected))

  it('takes no inherited member for a label', () => {
    const one = createAdmission([parseMatchers('{constructor=~".+"}')])
    expect([one({}), one({ constructor: 'x' } as never)]).toEqual([false, true])
  })

  it('admits nothing without alternatives, or by a regex it cannot read', () => {
    expect(createAdmission([])({ tenant: 'a' })).toBe(false)
    expect(createAdmission([[{ name: 'tenant', op: '!~', value: '(' }]])({ tenant: 'a' })).toBe(false)
  })
})
