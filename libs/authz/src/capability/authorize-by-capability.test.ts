import { parse, parseMatchers, parseSelector } from '@gatehouse/promql'
import { describe, expect, it } from 'vitest'
import { authorize } from '../authorize.ts'
import type { OrgPolicy } from '../policy.ts'
import { grantOf, mainSource, policyWith, principalOf } from '../testing.ts'
import { type Approval, type ApprovedDashboard, createCapabilities, runsSameQueries } from './approved.ts'
import { authorizeByCapability, type CapabilityQuestion } from './authorize-by-capability.ts'
import { readDashboard } from './dashboard.ts'
import { diffAccess } from '../difference.ts'
import { type AccessState, changeOf } from '../view.ts'
import { whoThroughDashboards } from './dashboard-paths.ts'

const capabilityOf = createCapabilities()
const boardOf = (expr: string): ReturnType<typeof readDashboard> =>
  readDashboard({ title: 'Board', panels: [{ targets: [{ expr }] }] })

function dashboard(
  change: Partial<ApprovedDashboard> = {},
  approval: Partial<Approval> = {},
): ApprovedDashboard {
  const by = { kind: 'team', uid: 'owners' } as const
  return {
    uid: 'board',
    folderUid: 'inner',
    version: 1,
    approval: { by, dataSources: ['main'], constraints: [], ...approval },
    content: boardOf('sum(rate(requests_total[$__rate_interval]))'),
    ...change,
  }
}

const owners = grantOf({ uid: 'g-owners', subject: { kind: 'team', uid: 'owners' } })
const viewing = grantOf({ uid: 'g-view', role: 'viewer', where: { kind: 'dashboard', uid: 'board' } })
const world = (change: Partial<OrgPolicy> = {}): OrgPolicy =>
  policyWith({
    teams: ['a', 'owners'].map((uid) => ({ uid, name: uid, idpGroups: [] })),
    folders: [
      { uid: 'outer', title: 'Outer', parentUid: undefined },
      { uid: 'inner', title: 'Inner', parentUid: 'outer' },
    ],
    grants: [owners, viewing],
    ...change,
  })

const question = {
  principal: principalOf(),
  action: 'datasources:query',
  resource: mainSource,
  now: 0,
} as const
const expr = (text: string): CapabilityQuestion['request'] => ({ kind: 'expr', expr: parse(text) })
const panel = expr('sum(rate(requests_total[5m]))')

function decide(
  policy: OrgPolicy,
  request = panel,
  dashboards: readonly ApprovedDashboard[] = [dashboard()],
  hint?: string,
) {
  return authorizeByCapability(policy, question, { request, dashboards, capabilityOf, hint })
}

describe('authorizeByCapability', () => {
  it('gives the query of a dashboard one may open, and says by which', () => {
    expect(authorize(world(), question).allowed).toBe(false)
    const decision = decide(world())
    expect(decision).toMatchObject({
      allowed: true,
      constraints: { alternatives: [[{ name: 'tenant', op: '=', value: 'health' }]] },
    })
    expect(decision.allowed && decision.because.map(({ grantUid, via }) => [grantUid, via])).toEqual([
      ['g-view', 'team:a'],
      ['g-view', 'dashboard:board'],
    ])
  })

  const places = [
    ['its folder', { kind: 'folder', uid: 'inner' }],
    ['a folder above', { kind: 'folder', uid: 'outer' }],
    ['itself', { kind: 'dashboard', uid: 'board' }],
  ] as const
  it.each(places)('follows a grant on %s', (_name, where) => {
    expect(decide(world({ grants: [owners, grantOf({ where })] })).allowed).toBe(true)
  })

  const elsewhere: Record<string, Partial<OrgPolicy>> = {
    'a grant on another dashboard': {
      grants: [owners, grantOf({ where: { kind: 'dashboard', uid: 'other' } })],
    },
    'a grant on another folder': { grants: [owners, grantOf({ where: { kind: 'folder', uid: 'x' } })] },
    'a grant that ended': { grants: [owners, { ...viewing, expiresAt: 0 }] },
    'no grant of the viewer': { grants: [owners] },
    'an approver without a grant': { grants: [viewing] },
    'an approver whose grant ended': { grants: [viewing, { ...owners, expiresAt: 0 }] },
    'an approving team that is gone': { teams: [] },
    'no such data source': { dataSources: [] },
    'no tenants': { tenants: [] },
    'a disabled viewer': { members: [{ uid: 'u1', name: 'x', isDisabled: true, teams: [] }] },
  }
  it.each(Object.entries(elsewhere))('refuses with %s', (_name, change) => {
    expect(decide(world(change)).allowed).toBe(false)
  })

  it.each([
    'sum(rate(requests_total[5m])) or secret',
    'sum(rate(other_total[5m]))',
    'rate(requests_total[5m])',
    'sum(rate(requests_total{job="x"}[5m]))',
    'sum by (user) (rate(requests_total[5m]))',
    'requests_total',
    '1',
  ])('refuses %s', (text) => {
    expect(decide(world(), expr(text)).allowed).toBe(false)
  })

  it('refuses label values that no variable asks for', () => {
    const asked = (label: string, match?: string): boolean =>
      decide(
        world(),
        {
          kind: 'label-values',
          label,
          matches: match === undefined ? [] : [parseSelector(match)],
        },
        [
          dashboard({
            content: readDashboard({
              title: 'x',
              templating: { list: [{ name: 'm', type: 'query', query: 'label_values(up, job)' }] },
            }),
          }),
        ],
      ).allowed
    expect([asked('job', 'up'), asked('job'), asked('job', 'down'), asked('user', 'up')]).toEqual([
      true,
      false,
      false,
      false,
    ])
  })

  it('is for data sources that were approved, of this org, and for querying only', () => {
    const unapproved = dashboard({}, { dataSources: ['other'] })
    expect(decide(world(), panel, [unapproved]).allowed).toBe(false)
    const dashboards = [dashboard()]
    const rest = { request: panel, dashboards, capabilityOf, hint: undefined }
    for (const changed of [
      { ...question, action: 'alert.rules:read' as const },
      { ...question, principal: principalOf({ orgUid: 'other' }) },
      { ...question, resource: { ...mainSource, orgUid: 'other' } },
    ])
      expect(authorizeByCapability(world(), changed, rest).allowed).toBe(false)
  })

  it('never exceeds what the approver may read, the guardrails and the approval', () => {
    const bounded = world({
      grants: [{ ...owners, constraints: [parseMatchers('{team="a"}')] }, viewing],
      guardrails: [{ uid: 'r', selector: parseMatchers('{pii="true"}'), reason: 'law' }],
    })
    const own = dashboard({}, { constraints: [parseMatchers('{env="prod"}'), parseMatchers('{env="test"}')] })
    const decision = decide(bounded, panel, [own])
    expect(decision.allowed && decision.constraints.alternatives).toEqual([
      [
        { name: 'tenant', op: '=', value: 'health' },
        { name: 'env', op: '=~', value: 'prod|test' },
        { name: 'pii', op: '!=', value: 'true' },
        { name: 'team', op: '=', value: 'a' },
      ],
    ])
    const again = decide(bounded, panel, [own])
    expect(again.allowed && decision.allowed && again.constraints === decision.constraints).toBe(true)
    const impossible = dashboard({}, { constraints: [parseMatchers('{team="b"}')] })
    expect(decide(bounded, panel, [impossible]).allowed).toBe(false)
  })

  it('takes the hint for the order only', () => {
    const both = grantOf({ uid: 'g-all', where: { kind: 'org' }, role: 'board-reader' })
    const roles = [
      ...world().roles,
      {
        name: 'board-reader',
        version: 1,
        description: '',
        permissions: [{ action: 'dashboards:read', scope: '*' }],
      },
    ] as const
    const policy = world({ grants: [owners, both], roles })
    const two = [dashboard(), dashboard({ uid: 'second' })]
    const via = (hint?: string): string | undefined => {
      const decision = decide(policy, panel, two, hint)
      return decision.allowed ? decision.because.at(-1)?.via : undefined
    }
    expect([via(), via('second'), via('nothing')]).toEqual([
      'dashboard:board',
      'dashboard:second',
      'dashboard:board',
    ])
    expect(decide(policy, expr('secret'), two, 'second').allowed).toBe(false)
  })

  it('does not mistake a dashboard for an earlier one with its uid and version', () => {
    expect(decide(world()).allowed).toBe(true)
    const reborn = dashboard({ content: boardOf('up') })
    expect(decide(world(), panel, [reborn]).allowed).toBe(false)
    expect(decide(world(), expr('up'), [reborn]).allowed).toBe(true)
  })
})

describe('runsSameQueries', () => {
  it('looks at queries and variables, not at titles and places', () => {
    const base = { panels: [{ title: 'A', targets: [{ expr: 'up' }] }, { targets: [{ expr: 'down' }] }] }
    const moved = { panels: [{ targets: [{ expr: 'down' }] }, { title: 'B', targets: [{ expr: 'up' }] }] }
    const other = { panels: [{ targets: [{ expr: 'up' }] }, { targets: [{ expr: 'downs' }] }] }
    const same = (a: unknown, b: unknown): boolean => runsSameQueries(readDashboard(a), readDashboard(b))
    expect([same(base, moved), same(base, other), same(base, { panels: [] })]).toEqual([true, false, false])
    const custom = (query: string): object => ({
      templating: { list: [{ name: 'x', type: 'custom', query }] },
    })
    expect(same(custom('a,b'), custom('a,c'))).toBe(false)
  })
})

describe('whoThroughDashboards', () => {
  const until = (reader: number | undefined, approver: number | undefined) => {
    const grants = [
      { ...viewing, expiresAt: reader },
      { ...owners, expiresAt: approver },
    ]
    const members = [
      { uid: 'u1', name: 'Ann', isDisabled: false, teams: [{ uid: 'a', source: 'sso' as const }] },
    ]
    const given = { dashboards: [dashboard()], capabilityOf }
    return whoThroughDashboards(world({ grants, members }), question, given).map((who) => [
      who.uid,
      who.until,
    ])
  }

  it('tells until when: as long as both may, the reader open it and the approver read', () => {
    expect(until(undefined, undefined)).toEqual([['u1', undefined]])
    expect(until(9_000, undefined)).toEqual([['u1', 9_000]])
    expect(until(undefined, 7_000)).toEqual([['u1', 7_000]])
    expect(until(9_000, 7_000)).toEqual([['u1', 7_000]])
    expect(until(5_000, 7_000)).toEqual([['u1', 5_000]])
  })
})

describe('differences of access', () => {
  const sso = (team: string) => [{ uid: team, source: 'sso' as const }]
  const members = [
    { uid: 'u1', name: 'Ann', isDisabled: false, teams: sso('a') },
    { uid: 'u2', name: 'Bob', isDisabled: false, teams: sso('owners') },
    { uid: 'u3', name: 'Cid', isDisabled: false, teams: [] },
  ]
  const state = (change: Partial<OrgPolicy> = {}, dashboards = [dashboard()]) => ({
    policy: world({ members, ...change }),
    dashboards,
  })
  const changes = (before: AccessState, after: AccessState) =>
    diffAccess(before, after, 0).flatMap(({ kind, uid, series }) =>
      series
        .filter(({ actions }) => actions.includes('datasources:query'))
        .map(
          (one) => `${kind} ${uid} ${one.change} ${one.before.through.join()}>${one.after.through.join()}`,
        ),
    )
  const boards = ['team a', 'user u1']
  const rail = { uid: 'pii', selector: parseMatchers('{pii="yes"}'), reason: '' }

  it('tell of who reads through dashboards alone, whatever it is that changes', () => {
    expect(changes(state(), state({ guardrails: [rail] }))).toEqual([
      'team a narrowed board>board',
      'team owners narrowed >',
      'user u1 narrowed board>board',
      'user u2 narrowed >',
    ])
    const expected = (what: string) => boards.map((who) => `${who} ${what}`)
    expect(changes(state(), state({ grants: [owners] }))).toEqual(expected('lost board>'))
    expect(changes(state({ grants: [owners] }), state())).toEqual(expected('gained >board'))
    expect(changes(state(), state({}, []))).toEqual(expected('lost board>'))
    expect(changes(state({ tenants: ['health', 'clinic'] }), state())).toEqual(
      expect.arrayContaining(expected('narrowed board>board')),
    )
    // The approver loses, and with them all who read in their name.
    expect(changes(state(), state({ grants: [viewing] }))).toEqual(
      expect.arrayContaining(expected('lost board>')),
    )
    expect(changes(state(), state())).toEqual([])
  })

  it('call any query more than the queries of dashboards, of the same series', () => {
    const all = grantOf({ uid: 'g-all' })
    const other = grantOf({ uid: 'g-all', constraints: ['{env="prod"}'] })
    expect(changes(state(), state({ grants: [owners, viewing, all] }))).toEqual(
      boards.map((who) => `${who} widened board>`),
    )
    expect(changes(state({ grants: [owners, viewing, all] }), state())).toEqual(
      boards.map((who) => `${who} narrowed >board`),
    )
    expect(changes(state(), state({ grants: [owners, viewing, other] }))).toEqual(
      boards.map((who) => `${who} changed board>`),
    )
    const alternatives = [parseMatchers('{tenant="health"}')]
    const [any, some] = [{ alternatives }, { alternatives, through: ['board'] }]
    expect([changeOf(some, any), changeOf(any, some)]).toEqual(['widened', 'narrowed'])
    expect([changeOf(any, any), changeOf(some, some)]).toEqual([undefined, undefined])
  })

  it('show the series that asking who finds', () => {
    const after = state({ guardrails: [rail] })
    const found = diffAccess(state(), after, 0).find(({ uid }) => uid === 'u1')?.series[0]?.after
    const [who] = whoThroughDashboards(after.policy, question, { dashboards: after.dashboards, capabilityOf })
    expect(found?.alternatives).toEqual(who?.constraints.alternatives)
  })
})
