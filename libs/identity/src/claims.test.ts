import { describe, expect, it } from 'vitest'
import { groupsFrom, identityFrom } from './claims.ts'

const issuer = {
  name: 'agency',
  issuer: 'https://idp.example',
  groupsClaim: 'groups',
  subjectClaim: 'sub',
  attributes: [] as string[],
} as const

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
  it('takes no subject or group that the store would refuse or change, and cleans names', () => {
    for (const sub of ['a\0', 'a\ud800', '\udc00a']) expect(identityFrom({ sub }, issuer)).toBeUndefined()
    expect(identityFrom({ sub: 'a', name: 'A\0li\ud800', email: 'a\0@b', groups: ['g\0'] }, issuer)).toEqual({
      issuer: issuer.issuer,
      subject: 'a',
      name: 'Ali\ufffd',
      email: undefined,
      groups: [],
    })
    expect(identityFrom({ sub: 'a', name: '\0' }, issuer)?.name).toBe('a')
  })

  it('takes the configured claim for who it is, and no other', () => {
    const entra = { ...issuer, subjectClaim: 'oid' as const }
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

describe('attributes', () => {
  const url = 'https://example.org/unit'
  const attributes = ['department', 'org.unit', url, 'constructor.name', 'list.0']
  const groupsOf = (claims: object) =>
    identityFrom({ sub: 's', ...claims }, { ...issuer, attributes })?.groups
  const cases: [string, object, string[]][] = [
    ['a string', { department: 'signals' }, ['claim:agency:department=signals']],
    ['a list', { department: ['a', 'b'] }, ['claim:agency:department=a', 'claim:agency:department=b']],
    ['nested', { org: { unit: 'roads' } }, ['claim:agency:org.unit=roads']],
    ['a name with dots', { [url]: 'x' }, [`claim:agency:${url}=x`]],
    ['beside groups', { groups: ['g'], department: 'a' }, ['g', 'claim:agency:department=a']],
    ['missing', {}, []],
    ['a number', { department: 5 }, []],
    ['a boolean', { department: true }, []],
    ['an object', { department: { signals: true } }, []],
    ['a list with a number', { department: ['a', 1] }, []],
    ['empty', { department: '' }, []],
    ['a path through a string', { org: 'unit' }, []],
    ['a path through a list', { list: ['a'], org: [{ unit: 'roads' }] }, []],
    ['no configured claim', { title: 'director' }, []],
  ]
  it.each(cases)('%s', (_, claims, expected) => {
    expect(groupsOf(claims)).toEqual(expected)
  })
  it('are never what the groups claim says', () => {
    expect(groupsOf({ groups: ['claim:agency:department=signals', 'g'] })).toEqual(['g'])
    expect(identityFrom({ sub: 's', groups: ['claim:other:department=a'] }, issuer)?.groups).toEqual([])
  })
  it('of another issuer have another name', () => {
    const other = { ...issuer, name: 'other', attributes }
    expect(identityFrom({ sub: 's', department: 'a' }, other)?.groups).toEqual(['claim:other:department=a'])
  })
})
