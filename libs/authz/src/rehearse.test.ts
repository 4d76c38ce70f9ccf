import { parseMatchers } from '@gatehouse/promql'
import { describe, expect, it } from 'vitest'
import type { ApprovedDashboard } from './capability/approved.ts'
import { readDashboard } from './capability/dashboard.ts'
import type { OrgPolicy } from './policy.ts'
import { type AuditedUse, rehearse } from './rehearse.ts'
import { grantOf, policyWith } from './testing.ts'

const team = (uid: string, idpGroups: readonly string[] = []) => ({ uid, name: uid, idpGroups })
const member = (uid: string, ...teams: string[]): OrgPolicy['members'][number] => ({
  uid,
  name: uid,
  isDisabled: false,
  teams: teams.map((name) => ({ uid: name, source: 'manual' })),
})
const base = (change: Partial<OrgPolicy> = {}): OrgPolicy =>
  policyWith({
    teams: [team('a'), team('owners'), team('sso', ['g'])],
    members: [member('u1', 'a')],
    ...change,
  })
const use = (change: Partial<AuditedUse> = {}): AuditedUse => ({
  who: { kind: 'user', uid: 'u1', name: 'Ann', teams: ['a'] },
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
const board: ApprovedDashboard = {
  uid: 'board',
  folderUid: undefined,
  version: 1,
  approval: { by: { kind: 'team', uid: 'owners' }, dataSources: ['main'], constraints: [] },
  content: readDashboard({ panels: [{ targets: [{ expr: 'up' }] }] }),
}
const run = (
  before: Partial<OrgPolicy>,
  after: Partial<OrgPolicy>,
  uses: readonly AuditedUse[] = [use()],
  boards: readonly ApprovedDashboard[] = [],
) =>
  rehearse(
    { policy: base(before), dashboards: boards },
    { policy: base(after), dashboards: boards },
    uses,
    100,
  )
const all = { grants: [grantOf()] }
const some = (...constraints: string[]): Partial<OrgPolicy> => ({ grants: [grantOf({ constraints })] })

describe('rehearse', () => {
  const cases: [string, Partial<OrgPolicy>, Partial<OrgPolicy>, string | undefined][] = [
    ['nothing', all, all, undefined],
    ['a grant that goes', all, {}, 'newly-denied'],
    ['a grant that comes', {}, all, 'newly-allowed'],
    ['denied before and after', {}, {}, undefined],
    ['a constraint that comes', all, some('{env="prod"}'), 'narrowed'],
    ['a constraint that goes', some('{env="prod"}'), all, 'widened'],
    ['another constraint', some('{env="prod"}'), some('{env="test"}'), 'changed'],
    [
      'a guardrail',
      all,
      { ...all, guardrails: [{ uid: 'r', selector: parseMatchers('{pii="x"}'), reason: 'law' }] },
      'narrowed',
    ],
    ['a member who leaves the team', all, { ...all, members: [member('u1')] }, 'newly-denied'],
    [
      'a member who is disabled',
      all,
      { ...all, members: [{ ...member('u1', 'a'), isDisabled: true }] },
      'newly-denied',
    ],
    ['a data source that goes', all, { ...all, dataSources: [] }, 'newly-denied'],
    ['a tenant that goes', all, { ...all, tenants: ['other'] }, 'changed'],
    ['a tenant more', all, { ...all, tenants: ['health', 'other'] }, 'widened'],
    ['a role that loses it', all, { ...all, roles: [] }, 'newly-denied'],
    ['a grant that ended meanwhile', { grants: [grantOf({ expiresAt: 50 })] }, {}, undefined],
  ]
  it.each(cases)('%s', (_name, before, after, effect) => {
    const { lines, requests, unchanged } = run(before, after)
    expect(lines.map((line) => line.effect)).toEqual(effect === undefined ? [] : [effect])
    expect([requests, unchanged]).toEqual([10, effect === undefined ? 10 : 0])
  })

  it('counts, and puts first what hurts and is used most', () => {
    const who = (uid: string): AuditedUse['who'] => ({ kind: 'user', uid, name: uid, teams: [] })
    const members = ['x', 'y', 'z'].map((uid) => member(uid))
    const own = (uid: string, ...constraints: string[]) =>
      grantOf({ uid, subject: { kind: 'user', uid }, constraints })
    const { lines, counts, requests, unchanged } = run(
      { members, grants: [own('x'), own('y')] },
      { members, grants: [own('z')] },
      [
        use({ who: who('z'), allowed: 0, denied: 7 }),
        use({ who: who('x'), allowed: 3, dashboard: 'd1' }),
        use({ who: who('y'), allowed: 5, alert: 'High error rate' }),
        use({ who: who('nobody'), allowed: 1 }),
      ],
    )
    expect(lines.map(({ effect, who: { uid } }) => [effect, uid])).toEqual([
      ['newly-denied', 'y'],
      ['newly-denied', 'x'],
      ['newly-allowed', 'z'],
    ])
    expect(lines[0]?.reason).toContain('datasources:query')
    expect(counts['newly-denied']).toEqual({ lines: 2, requests: 8 })
    expect(counts['newly-allowed']).toEqual({ lines: 1, requests: 7 })
    expect([requests, unchanged]).toEqual([16, 1])
    expect(lines[2]?.after.alternatives).toEqual([[{ name: 'tenant', op: '=', value: 'health' }]])
  })

  it('takes teams of a token from the past only where groups still give them', () => {
    const bearer = use({ who: { kind: 'user', uid: 'u9', name: 'Bearer', teams: ['sso', 'a'] } })
    const bySso = { grants: [grantOf({ subject: { kind: 'team', uid: 'sso' } })] }
    expect(run(bySso, bySso, [bearer]).unchanged).toBe(10)
    const without = { ...bySso, teams: [team('sso')] }
    const { lines, cautions } = run(bySso, without, [bearer])
    expect([lines.length, cautions.length]).toEqual([1, 1])
    expect(run(all, {}, [bearer]).lines).toEqual([])
  })

  it('does not take a team from the past that the person was put into by hand and is taken out of', () => {
    const bySso = { grants: [grantOf({ subject: { kind: 'team', uid: 'sso' } })] }
    const uses = [use({ who: { kind: 'user', uid: 'u1', name: 'Ann', teams: ['sso'] } })]
    const before = { ...bySso, members: [member('u1', 'sso')] }
    const { lines } = run(before, { ...bySso, members: [member('u1')] }, uses)
    expect(lines.map(({ effect }) => effect)).toEqual(['newly-denied'])
  })

  it('follows what a dashboard gave', () => {
    const owners = grantOf({ uid: 'g-owners', subject: { kind: 'team', uid: 'owners' } })
    const viewing = grantOf({ uid: 'g-view', where: { kind: 'dashboard', uid: 'board' } })
    const uses = [use({ via: 'board' })]
    const both = { grants: [owners, viewing] }
    expect(run(both, both, uses, [board]).unchanged).toBe(10)
    const effects = (after: Partial<OrgPolicy>): string[] =>
      run(both, after, uses, [board]).lines.map(({ effect }) => effect)
    expect(effects({ grants: [owners] })).toEqual(['newly-denied'])
    expect(effects({ grants: [viewing] })).toEqual(['newly-denied'])
    const narrowed = { ...owners, constraints: [parseMatchers('{env="prod"}')] }
    expect(effects({ grants: [narrowed, viewing] })).toEqual(['narrowed'])
  })

  const asking = (query: string, change: Partial<AuditedUse> = {}): AuditedUse => {
    const route = '/prom/{data-source}/api/v1/query_range'
    return use({ asked: { route, query, matches: [], label: undefined }, ...change })
  }
  const looking = (route: string, match: string, label?: string): AuditedUse =>
    use({
      asked: { route: `/prom/{data-source}/api/v1/${route}`, query: undefined, matches: [match], label },
    })

  it.each([
    ['sum(rate(up{env="prod"}[5m]))', '{env="prod"}', undefined],
    ['sum(up{env="prod"}) / sum(up)', '{env="prod"}', 'narrowed'],
    ['up{env=~"prod|test"}', '{env=~"prod|test|dev"}', undefined],
    ['up{env="test"}', '{env="prod"}', 'narrowed'],
    ['up{env=~"prod|test",model=~".+"}', '{env="prod"}', 'narrowed'],
    ['up{model=~".+"}', '{model=~".+"}', undefined],
    ['up{env="prod"}', '{env!="secret"}', undefined],
    ['vector(1)', '{env="prod"}', undefined],
    ['up', '{__name__="up"}', undefined],
    ['down', '{__name__="up"}', 'narrowed'],
    ['not promql(', '{env="prod"}', 'narrowed'],
  ])('compares what %s is answered from under %s', (query, constraint, effect) => {
    const { lines } = run(all, some(constraint), [asking(query)])
    expect(lines.map((line) => line.effect)).toEqual(effect === undefined ? [] : [effect])
    const back = run(some(constraint), all, [asking(query)]).lines.map((line) => line.effect)
    expect(back).toEqual(effect === undefined ? [] : ['widened'])
  })

  it('compares with all that several constraints admit together', () => {
    const { unchanged } = run(all, some('{env="prod"}', '{env="test"}'), [asking('up{env=~"prod|test"}')])
    expect(unchanged).toBe(10)
    const moved = run(some('{env="prod"}'), some('{env="test"}'), [asking('up'), asking('up{env="prod"}')])
    expect(moved.lines.map(({ effect }) => effect)).toEqual(['narrowed', 'changed'])
  })

  it('compares look-ups by their selectors', () => {
    const uses = [looking('series', 'up{env="prod"}'), looking('label/{name}/values', 'up', 'job')]
    expect(
      run(all, some('{env="prod"}'), uses).lines.map(({ effect, allowed }) => [effect, allowed]),
    ).toEqual([['narrowed', 10]])
  })

  it('sees what a dashboard newly gives to people who may only open it', () => {
    const owners = grantOf({ uid: 'g-owners', subject: { kind: 'team', uid: 'owners' } })
    const viewing = grantOf({ uid: 'g-view', where: { kind: 'dashboard', uid: 'board' } })
    const denied = { allowed: 0, denied: 4 }
    const uses = [asking('up', denied), asking('secret', denied), use(denied)]
    const { lines, unchanged } = run({ grants: [owners] }, { grants: [owners, viewing] }, uses, [board])
    expect(lines.map(({ effect, via, denied: count }) => [effect, via, count])).toEqual([
      ['newly-allowed', 'board', 4],
    ])
    expect(unchanged).toBe(8)
    const lost = run({ grants: [owners, viewing] }, { grants: [owners] }, [asking('up')], [board])
    expect(lost.lines.map(({ effect, via }) => [effect, via])).toEqual([['newly-denied', 'board']])
  })

  it('puts what differs only in the query into one line', () => {
    const { lines, counts } = run(all, {}, [asking('up'), asking('down', { allowed: 30 })])
    expect(lines.map(({ allowed, asked }) => [allowed, asked?.query])).toEqual([[40, 'down']])
    expect(counts['newly-denied']).toEqual({ lines: 1, requests: 40 })
  })
})
