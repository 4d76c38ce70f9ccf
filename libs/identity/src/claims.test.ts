import { describe, expect, it } from 'vitest'
import { groupsFrom, identityFrom } from './claims.ts'

const issuer = { issuer: 'https://idp.example', groupsClaim: 'groups', subjectClaim: 'sub' }

describe('groupsFrom', () => {
  const cases: [string, unknown, string[]][] = [
    ['a list', ['a', 'b'], ['a', 'b']],
    ['one string', 'a', ['a']],
    ['twice the same', ['a', 'a'], ['a']],
    ['missing', undefined, []],
    ['null', null, []],
    ['nested', { groups: ['a'] }, []],
    ['a list in a list', [['a']], []],
    ['one entry that is no string', ['a', 1], []],
    ['empty entry', ['a', ''], []],
    ['too long an entry', ['x'.repeat(257)], []],
    ['10,000 groups', Array.from({ length: 10_000 }, (_, i) => `g${i}`), []],
  ]
  it.each(cases)('%s', (_, claim, expected) => {
    expect(groupsFrom(claim)).toEqual(expected)
  })
})

describe('identityFrom', () => {
  it('takes the configured claim for who it is, and no other', () => {
    const entra = { ...issuer, subjectClaim: 'oid' }
    expect(identityFrom({ sub: 'pairwise', oid: 'object-1' }, entra)?.subject).toBe('object-1')
    expect(identityFrom({ sub: 'pairwise' }, entra)).toBeUndefined()
    expect(identityFrom({ sub: 'pairwise', oid: ['object-1'] }, entra)).toBeUndefined()
    expect(identityFrom({ sub: 'pairwise', oid: 'object-1' }, issuer)?.subject).toBe('pairwise')
  })

  it('is keyed by issuer and subject; the name falls back', () => {
    expect(identityFrom({ sub: 's', email: 'a@b' }, issuer)).toEqual({
      issuer: 'https://idp.example',
      subject: 's',
      name: 'a@b',
      email: 'a@b',
      groups: [],
    })
  })
  it('takes overage pointers for no groups', () => {
    const claims = { sub: 's', _claim_names: { groups: 'src1' }, _claim_sources: {} }
    expect(identityFrom(claims, issuer)?.groups).toEqual([])
  })
  it.each([undefined, '', 5, 'x'.repeat(300)])('needs a usable subject, not %j', (sub) => {
    expect(identityFrom({ sub: sub as string }, issuer)).toBeUndefined()
  })
})
