import { parseMatchers } from '@gatehouse/promql'
import { describe, expect, it } from 'vitest'
import { type AccessDifference, diffAccess, diffLater, joinDifferences } from './difference.ts'
import { explain, type ExplainQuestion } from './explain.ts'
import type { OrgPolicy, TeamMembership } from './policy.ts'
import { grantOf, mainSource, policyWith, principalOf } from './testing.ts'
import type { AccessState } from './view.ts'
import { whoCan } from './who-can.ts'

const member = (uid: string, ...teams: string[]) => ({
  uid,
  name: uid.toUpperCase(),
  isDisabled: false,
  teams: teams.map((team) => ({ uid: team, source: 'sso' as const })),
})

const policy = policyWith({
  teams: [
    { uid: 'a', name: 'A', idpGroups: ['group-a'] },
    { uid: 'b', name: 'B', idpGroups: [] },
  ],
  members: [member('u1', 'a'), member('u2', 'b'), member('u3')],
  serviceAccounts: [{ uid: 'ci', name: 'CI', teamUid: 'a', isDisabled: false }],
  grants: [
    grantOf({ uid: 'old', role: 'editor', expiresAt: 500 }),
    grantOf({ uid: 'now', constraints: ['{env="prod"}'] }),
    grantOf({ uid: 'glass', subject: { kind: 'user', uid: 'u3' }, expiresAt: 9_000, reason: 'incident 7' }),
    grantOf({ uid: 'audit', subject: { kind: 'team', uid: 'b' }, role: 'auditor' }),
  ],
})

const why = (change: Partial<ExplainQuestion> = {}, of: OrgPolicy = policy) =>
  explain(of, {
    principal: principalOf(),
    action: 'datasources:query',
    resource: mainSource,
    now: 1_000,
    ...change,
  })

describe('explain', () => {
  it('shows the chain from the claim to the permission, and what did not count', () => {
    const { decision, paths, firstFailing } = why()
    expect(decision.allowed).toBe(true)
    expect(firstFailing).toBeUndefined()
    expect(paths).toMatchObject([
      {
        groups: ['group-a'],
        source: 'sso',
        grant: { uid: 'now' },
        role: { name: 'viewer', version: 1 },
        permissions: [{ action: 'datasources:query', scope: '*' }],
        fails: undefined,
      },
      { grant: { uid: 'old' }, fails: 'period' },
    ])
  })

  it.each<[string, Partial<ExplainQuestion>, OrgPolicy | undefined]>([
    ['resource', { resource: { ...mainSource, orgUid: 'revenue' } }, undefined],
    ['resource', { resource: { ...mainSource, uid: 'gone' } }, undefined],
    ['resource', { action: 'dashboards:read' }, undefined],
    ['account', {}, { ...policy, members: [{ ...member('u1', 'a'), isDisabled: true }] }],
    ['subject', { principal: principalOf({ uid: 'u9', teams: [] }) }, undefined],
    ['role', {}, { ...policy, roles: [] }],
    ['permission', { principal: principalOf({ teams: ['b'] }) }, undefined],
    ['period', { now: 9_001, principal: principalOf({ uid: 'u3', teams: [] }) }, undefined],
    ['place', {}, policyWith({ grants: [grantOf({ where: { kind: 'data-source', uid: 'other' } })] })],
    ['series', {}, { ...policy, tenants: [] }],
    ['selector', { selector: parseMatchers('{env="test"}') }, undefined],
  ])('names the condition that fails first: %s', (expected, change, of) => {
    expect(why(change, of).firstFailing).toBe(expected)
  })

  it('names of somebody who is only supposed no groups but those that were said', () => {
    const groupsOf = (groups: readonly string[]) =>
      explain(policy, {
        principal: principalOf({ uid: '', teams: ['a'] }),
        action: 'datasources:query',
        resource: mainSource,
        now: 1_000,
        groups,
      }).paths[0]?.groups
    expect(groupsOf([])).toEqual([])
    expect(groupsOf(['group-a', 'group-x'])).toEqual(['group-a'])
  })

  it('names the groups somebody has, not all that the team is mapped to', () => {
    const mapped = { uid: 'a', name: 'A', idpGroups: ['group-a', 'group-b', 'group-c'] }
    const groupsOf = (...places: readonly TeamMembership[]) =>
      why({}, { ...policy, teams: [mapped], members: [{ ...member('u1'), teams: places }] }).paths[0]?.groups
    const place = { uid: 'a', source: 'sso' } as const
    expect(groupsOf({ ...place, groups: ['group-b'] })).toEqual(['group-b'])
    const pushed = { ...place, groups: ['group-c', 'group-b'] }
    expect(groupsOf({ ...place, groups: ['group-b'] }, { uid: 'a', source: 'manual' }, pushed)).toEqual([
      'group-b',
      'group-c',
    ])
    // Not kept: any of them may be theirs.
    expect(groupsOf(place)).toEqual(mapped.idpGroups)
    expect(groupsOf()).toEqual(mapped.idpGroups)
    expect(groupsOf({ uid: 'a', source: 'manual' })).toEqual([])
  })

  it('names no groups for service accounts, which no identity provider puts into a team', () => {
    const { paths } = why({ principal: principalOf({ kind: 'service-account', uid: 'ci', teams: ['a'] }) })
    expect(paths.find(({ grant }) => grant.uid === 'now')?.groups).toEqual([])
  })

  it('speaks of no grant when the question is about another org', () => {
    expect(why({ resource: { ...mainSource, orgUid: 'revenue' } }).paths).toEqual([])
    expect(why({ principal: principalOf({ orgUid: 'revenue' }) }).paths).toEqual([])
  })

  it('answers for another moment', () => {
    expect(why({ now: 400 }).paths[0]?.grant.uid).toBe('old')
  })
})

describe('whoCan', () => {
  const who = (selector?: string, now = 1_000) =>
    whoCan(policy, {
      action: 'datasources:query',
      resource: mainSource,
      now,
      selector: selector === undefined ? undefined : parseMatchers(selector),
    })

  it('lists people and service accounts with their paths and until when', () => {
    expect(who()).toMatchObject([
      { kind: 'user', uid: 'u1', until: undefined, because: [{ grantUid: 'now', via: 'team:a' }] },
      { kind: 'user', uid: 'u3', until: 9_000, because: [{ grantUid: 'glass', via: 'user:u3' }] },
      { kind: 'service-account', uid: 'ci' },
    ])
  })

  it('names every path, however many, so that what never ends is not taken to end', () => {
    const short = Array.from({ length: 150 }, (_, i) =>
      grantOf({
        uid: `short${i}`,
        subject: { kind: 'user', uid: 'u3' },
        expiresAt: 9_000,
        reason: 'incident 7',
      }),
    )
    const forGood = grantOf({ uid: 'good', subject: { kind: 'user', uid: 'u3' } })
    const [found] = whoCan(policyWith({ members: [member('u3')], grants: [...short, forGood] }), {
      action: 'datasources:query',
      resource: mainSource,
      now: 1_000,
      selector: undefined,
    })
    expect(found).toMatchObject({ uid: 'u3', until: undefined })
    expect(found?.because.map(({ grantUid }) => grantUid)).toContain('good')
    expect(found?.because).toHaveLength(151)
  })

  it('keeps to a selector', () => {
    expect(who('{env="test"}').map(({ uid, overlap }) => [uid, overlap])).toEqual([['u3', 'some']])
    expect(who('{tenant="health",env="prod"}').map(({ uid, overlap }) => [uid, overlap])).toEqual([
      ['u1', 'all'],
      ['u3', 'all'],
      ['ci', 'all'],
    ])
    expect(who('{tenant="revenue"}')).toEqual([])
  })
})

const stateOf = (of: OrgPolicy): AccessState => ({ policy: of, dashboards: [] })
const state = stateOf(policy)

describe('diffAccess', () => {
  it('tells what a change does to people, service accounts and teams', () => {
    const after = stateOf({
      ...policy,
      members: policy.members.filter(({ uid }) => uid !== 'u3'),
      grants: [
        grantOf({ uid: 'now', constraints: ['{env="prod"}', '{env="test"}'] }),
        grantOf({ uid: 'view', subject: { kind: 'team', uid: 'b' } }),
      ],
    })
    const found = diffAccess(state, after, 1_000)
    const series = found.map(
      ({ kind, uid, series: list }) => `${kind} ${uid} ${list.map(({ change }) => change).join()}`,
    )
    expect(series).toEqual([
      'service-account ci widened',
      'team a widened',
      'team b gained',
      'user u1 widened',
      'user u2 gained',
      'user u3 lost',
    ])
    const b = found.find(({ kind, uid }) => kind === 'team' && uid === 'b')
    expect(b?.gained).toContain('datasources:query')
    expect(b?.lost).toContain('audit:read')
    expect(found.find(({ uid }) => uid === 'u1')?.gained).toEqual([])
  })

  it('is empty when nothing changes for anybody, whatever the wording', () => {
    const reworded = stateOf({
      ...policy,
      grants: policy.grants.map((grant) => ({ ...grant, uid: `x-${grant.uid}`, reason: 'x' })),
    })
    expect(diffAccess(state, reworded, 1_000)).toEqual([])
    expect(diffAccess(undefined, undefined, 1_000)).toEqual([])
    expect(diffAccess(state, undefined, 1_000).every(({ gained }) => gained.length === 0)).toBe(true)
    expect(diffAccess(undefined, state, 1_000).map(({ uid }) => uid)).toContain('u1')
  })

  it('calls a swap a change, and a cut narrower', () => {
    const swap = stateOf({ ...policy, grants: [grantOf({ constraints: ['{env="test"}'] })] })
    const cut = stateOf({ ...policy, grants: [grantOf({ constraints: ['{env="prod",team="x"}'] })] })
    const of = (after: AccessState) =>
      diffAccess(state, after, 1_000).find(({ uid }) => uid === 'u1')?.series[0]?.change
    expect([of(swap), of(cut)]).toEqual(['changed', 'narrowed'])
  })

  it('tells what grants do that begin or end later, at their times', () => {
    const after = stateOf({
      ...policy,
      grants: [
        ...policy.grants,
        grantOf({
          uid: 'soon',
          subject: { kind: 'user', uid: 'u2' },
          notBefore: 5_000,
          expiresAt: 9_000,
        }),
      ],
    })
    expect(diffAccess(state, after, 1_000)).toEqual([])
    const later = diffLater(state, after, 1_000)
    expect(later.map(({ at, differences }) => [at, differences.map(({ uid }) => uid)])).toEqual([
      [5_000, ['u2']],
      [9_000, []],
    ])
    // Without an end, an ending grant gives nothing else before it would have ended.
    const lasting = stateOf({
      ...policy,
      grants: policy.grants.map((one) => ({ ...one, uid: `${one.uid}!` })),
    })
    const ending = stateOf({
      ...policy,
      grants: policy.grants.map((one) => ({ ...one, expiresAt: one.expiresAt ?? 9_000 })),
    })
    expect(diffAccess(ending, lasting, 1_000)).toEqual([])
    expect(diffLater(ending, lasting, 1_000).map(({ at }) => at)).toEqual([9_000])
  })
  it('tells apart people who end alike and began otherwise', () => {
    const before = { ...policy, members: [member('p', 'a'), member('q', 'b'), member('r')] }
    const after = { ...policy, members: [member('p'), member('q'), member('r')] }
    const lost = diffAccess(stateOf(before), stateOf(after), 1_000).map(({ uid, lost: what }) => [uid, what])
    expect(lost.map(([uid]) => uid)).toEqual(['p', 'q'])
    expect(lost[0]?.[1]).not.toEqual(lost[1]?.[1])
  })

  it('tells of alerts, rules and silences that are shown otherwise than what queries read', () => {
    const alerts = {
      name: 'alerts',
      version: 1,
      description: '',
      permissions: [{ action: 'alert.rules:read', scope: '*' } as const],
    }
    const dev = grantOf({ uid: 'alerts', role: 'alerts', constraints: ['{env="dev"}'] })
    const of = (grant: typeof dev) =>
      stateOf({ ...policy, roles: [...policy.roles, alerts], grants: [...policy.grants, grant] })
    const [team] = diffAccess(of(dev), of(grantOf({ uid: 'alerts', role: 'alerts' })), 1_000)
    expect(team?.series.map(({ actions, change }) => [actions, change])).toEqual([
      [['alert.rules:read'], 'widened'],
    ])
  })

  it('tells what comes later by grants that are as they were', () => {
    const soon = grantOf({ uid: 'soon', subject: { kind: 'team', uid: 'later' }, notBefore: 5_000 })
    const later = { uid: 'later', name: 'Later', idpGroups: ['a'] }
    const before = { ...policy, teams: [...policy.teams, later], grants: [...policy.grants, soon] }
    const whom = (after: OrgPolicy) =>
      diffLater(stateOf(before), stateOf(after), 1_000).map(({ at, differences, groups }) => [
        at,
        ...[...differences, ...groups].map(({ uid }) => uid),
      ])
    const joins = [member('u1', 'a'), member('u2', 'b', 'later'), member('u3')]
    expect(whom({ ...before, members: joins })).toEqual([[5_000, 'u2']])
    const groups = before.teams.map((one) =>
      one.uid === 'later' ? { ...one, idpGroups: ['a', 'all'] } : one,
    )
    expect(whom({ ...before, teams: groups })).toEqual([[5_000, 'all']])
    const longer = before.grants.map((one) => (one.uid === 'soon' ? { ...one, expiresAt: 9_000 } : one))
    expect(whom({ ...before, grants: longer })).toEqual([[9_000, 'later']])
  })

  it('joins what is done to people at several moments', () => {
    const all = new Map<string, AccessDifference>()
    const of = (gained: string[], lost: string[] = []): AccessDifference => ({
      kind: 'user',
      uid: 'u1',
      name: 'Ann',
      gained,
      lost,
      series: [],
    })
    joinDifferences(all, [of(['b'])])
    joinDifferences(all, [of(['a', 'b'], ['c'])])
    expect([...all.values()]).toEqual([of(['a', 'b'], ['c'])])
  })
})
