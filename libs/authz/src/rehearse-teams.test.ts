import { describe, expect, it } from 'vitest'
import type { OrgPolicy } from './policy.ts'
import { type AuditedUse, rehearse } from './rehearse.ts'
import { judgeTeams } from './rehearse-teams.ts'
import { grantOf, policyWith } from './testing.ts'

const team = (uid: string, ...idpGroups: string[]) => ({ uid, name: uid, idpGroups })
type Membership = OrgPolicy['members'][number]
const member = (uid: string, teams: readonly string[], source: 'sso' | 'manual' = 'sso'): Membership => ({
  uid,
  name: uid,
  isDisabled: false,
  teams: teams.map((name) => ({ uid: name, source })),
})
const world = (teams: OrgPolicy['teams'], members: readonly Membership[]): OrgPolicy =>
  policyWith({ teams, members })
const ann = { kind: 'user', uid: 'ann', name: 'Ann', teams: [] } as const

/** Where Ann, who is in these teams by her groups, would be. */
function judge(
  byGroups: readonly string[],
  before: OrgPolicy['teams'],
  after: OrgPolicy['teams'],
): [readonly string[], readonly string[]] {
  const members = [member('ann', byGroups)]
  const { certain, possible } = judgeTeams(world(before, members), world(after, members), ann)
  return [certain, possible]
}

describe('teams under a change of groups', () => {
  const before = [team('a', 'g1'), team('b', 'g2'), team('ab', 'g1', 'g2'), team('c', 'g3', 'g4')]
  const with_ = (...changed: OrgPolicy['teams']) =>
    before.map((one) => changed.find(({ uid }) => uid === one.uid) ?? one)

  it('stay where nothing changes', () => {
    expect(judge(['a', 'ab'], before, before)).toEqual([['a', 'ab'], []])
  })

  it('are known where another team names the group today', () => {
    expect(judge(['a', 'ab'], before, with_(team('b', 'g1')))).toEqual([['a', 'ab', 'b'], []])
    expect(judge(['a', 'ab'], before, with_(team('a', 'g2')))).toEqual([['ab'], []])
    expect(judge(['a', 'ab'], before, [...before, team('new', 'g1', 'g9')])).toEqual([['a', 'ab', 'new'], []])
    expect(judge(['a', 'ab'], before, [...before, team('new', 'g2')])).toEqual([['a', 'ab'], []])
  })

  it('are not known where no team names the group, or it was one of several', () => {
    expect(judge(['a', 'ab'], before, with_(team('a', 'g9')))).toEqual([['ab'], ['a']])
    expect(judge(['c'], before, with_(team('c', 'g3')))).toEqual([[], ['c']])
    expect(judge(['c'], before, with_(team('c', 'g3', 'g4', 'g5')))).toEqual([['c'], []])
    // All but one of a team's groups are out: it was that one.
    expect(judge(['b', 'ab'], before, with_(team('ab', 'g2')))).toEqual([['ab', 'b'], []])
  })

  it('end where a team has no groups any more', () => {
    expect(judge(['a', 'ab'], before, with_(team('a')))).toEqual([['ab'], []])
  })

  it('given by hand stay, and those that identity providers push are as stored', () => {
    const after = world(with_(team('a', 'g9')), [member('ann', ['a'], 'manual')])
    expect(judgeTeams(world(before, [member('ann', ['a'], 'manual')]), after, ann)).toEqual({
      certain: ['a'],
      possible: [],
    })
    const pushed = { ...member('ann', ['b']), isProvisioned: true } as const
    const now = world(before, [{ ...member('ann', ['a']), isProvisioned: true }])
    expect(judgeTeams(now, world(with_(team('a', 'g9')), [pushed]), ann)).toEqual({
      certain: ['b'],
      possible: [],
    })
  })

  it('are those of a token where nothing is stored', () => {
    const bearer = { ...ann, uid: 'bearer', teams: ['a', 'ab'] }
    expect(judgeTeams(world(before, []), world(with_(team('b', 'g1')), []), bearer)).toEqual({
      certain: ['a', 'ab', 'b'],
      possible: [],
    })
  })
})

describe('a rehearsal of a change of groups', () => {
  const before = [team('a', 'g1'), team('b', 'g2')]
  const use = (change: Partial<AuditedUse> = {}): AuditedUse => ({
    who: { ...ann, teams: ['a'] },
    action: 'datasources:query',
    dataSource: 'main',
    dashboard: undefined,
    alert: undefined,
    via: undefined,
    asked: undefined,
    allowed: 10,
    denied: 0,
    lastAt: 5,
    ...change,
  })
  const onA = [grantOf({ subject: { kind: 'team', uid: 'a' } })]
  const run = (teams: OrgPolicy['teams'], grants = onA) => {
    const members = [member('ann', ['a']), member('bob', ['b'])]
    const of = (own: OrgPolicy['teams']) => ({
      policy: { ...world(own, members), grants },
      dashboards: [],
    })
    const bob = use({ who: { kind: 'user', uid: 'bob', name: 'Bob', teams: ['b'] }, allowed: 0, denied: 4 })
    return rehearse(of(before), of(teams), [use(), bob], 100)
  }

  it('says who loses and who gains, as far as it is known', () => {
    const { lines, unjudged, requests, unchanged, cautions } = run([team('a', 'g2'), team('b', 'g2')])
    expect(lines.map(({ effect, who }) => [effect, who.uid])).toEqual([
      ['newly-denied', 'ann'],
      ['newly-allowed', 'bob'],
    ])
    expect([unjudged, requests, unchanged, cautions.length]).toEqual([[], 14, 0, 1])
  })

  it('says plainly which requests cannot be judged, and what is at stake', () => {
    const { lines, unjudged, requests, unchanged, cautions } = run([team('a', 'g9'), team('b', 'g2')])
    expect(lines).toEqual([])
    expect(unjudged).toMatchObject([
      { who: { uid: 'ann' }, teams: ['a'], ifIn: 'unchanged', ifNot: 'newly-denied' },
      { who: { uid: 'bob' }, teams: ['a'], ifIn: 'newly-allowed', ifNot: 'unchanged' },
    ])
    expect([requests, unchanged]).toEqual([14, 0])
    expect(cautions).toEqual([
      expect.stringContaining('14 requests of 2 people cannot be judged until they sign in again'),
    ])
  })

  it('judges all the same where the teams that are not known change nothing', () => {
    const everybody = [
      ...onA,
      grantOf({ uid: 'g2', subject: { kind: 'user', uid: 'ann' } }),
      grantOf({ uid: 'g3', subject: { kind: 'user', uid: 'bob' } }),
    ]
    const { lines, unjudged, unchanged } = run([team('a', 'g9'), team('b', 'g2')], everybody)
    expect([lines, unjudged, unchanged]).toEqual([[], [], 14])
  })
})
