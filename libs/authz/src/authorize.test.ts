import { parseMatchers, printMatcher } from '@gatehouse/promql'
import { describe, expect, it } from 'vitest'
import { authorize } from './authorize.ts'
import type { Resource } from './model.ts'
import { type Action, permissionTable } from './permissions.gen.ts'
import type { Grant, OrgPolicy } from './policy.ts'
import { shippedRoles } from './roles.ts'
import { grantOf, mainSource, policyWith, principalOf } from './testing.ts'

const ask = (policy: OrgPolicy, change: Partial<Parameters<typeof authorize>[1]> = {}) =>
  authorize(policy, {
    principal: principalOf(),
    action: 'datasources:query',
    resource: mainSource,
    now: 1_000,
    ...change,
  })

/** The admitted alternatives in PromQL, or the reason of the denial. */
function answer(
  policy: OrgPolicy,
  change: Partial<Parameters<typeof authorize>[1]> = {},
): readonly string[] | string {
  const decision = ask(policy, change)
  if (!decision.allowed) return decision.reason
  return decision.constraints.alternatives.map((matchers) => `{${matchers.map(printMatcher).join(',')}}`)
}

const withGrants = (...grants: Parameters<typeof grantOf>[0][]): OrgPolicy =>
  policyWith({ grants: grants.map((grant, i) => grantOf({ uid: `g${i}`, ...grant })) })

describe('authorize denies', () => {
  const denials: [string, OrgPolicy, Partial<Parameters<typeof authorize>[1]>][] = [
    ['without any grant', policyWith(), {}],
    ['a grant to another team', withGrants({ subject: { kind: 'team', uid: 'b' } }), {}],
    ['a grant to another user', withGrants({ subject: { kind: 'user', uid: 'u2' } }), {}],
    [
      'a user with a service account’s uid',
      withGrants({ subject: { kind: 'service-account', uid: 'u1' } }),
      {},
    ],
    [
      'a service account with a user’s uid',
      withGrants({ subject: { kind: 'user', uid: 'u1' } }),
      { principal: principalOf({ kind: 'service-account' }) },
    ],
    ['a role that does not exist', withGrants({ role: 'nope' }), {}],
    ['a role without the action', withGrants({ role: 'auditor' }), {}],
    ['operators any series', withGrants({ role: 'operator' }), {}],
    ['before a grant begins', withGrants({ notBefore: 1_001 }), {}],
    ['from the moment a grant ends', withGrants({ expiresAt: 1_000 }), {}],
    [
      'another data source than the granted one',
      withGrants({ where: { kind: 'data-source', uid: 'other' } }),
      {},
    ],
    ['a data source by a folder grant', withGrants({ where: { kind: 'folder', uid: 'main' } }), {}],
    ['a data source that is not in the policy', withGrants({}), { resource: { ...mainSource, uid: 'gone' } }],
    ['a resource of another org', withGrants({}), { resource: { ...mainSource, orgUid: 'revenue' } }],
    ['a principal of another org', withGrants({}), { principal: principalOf({ orgUid: 'revenue' }) }],
    [
      'an action on the wrong kind of resource',
      withGrants({}),
      { resource: { ...mainSource, kind: 'dashboard' } },
    ],
    ['an action outside the vocabulary', withGrants({}), { action: 'datasources:steal' as Action }],
    ['an action named like an object’s own', withGrants({}), { action: 'constructor' as Action }],
    ['an org without tenants', { ...withGrants({}), tenants: [] }, {}],
    [
      'a disabled member',
      policyWith({ grants: [grantOf()], members: [{ uid: 'u1', name: 'U', isDisabled: true, teams: [] }] }),
      {},
    ],
    [
      'everything under a guardrail that cannot be read',
      { ...withGrants({}), guardrails: [{ uid: 'x', selector: [], reason: '' }] },
      {},
    ],
  ]
  it.each(denials)('%s', (_name, policy, change) => {
    expect(ask(policy, change)).toMatchObject({ allowed: false, policyVersion: '1-test' })
  })

  it('another org’s resource and a missing one with the same words', () => {
    const policy = withGrants({})
    const other = answer(policy, { resource: { ...mainSource, orgUid: 'revenue' } })
    expect(other).toBe(answer(policy, { resource: { ...mainSource, uid: 'gone' } }))
  })
})

describe('authorize constrains', () => {
  const source = { tenantLabel: 'tenant' }
  it.each<[string, OrgPolicy, readonly string[]]>([
    ['no more than the tenant without constraints', withGrants({}), ['{tenant="health"}']],
    [
      'by the grant’s constraint',
      withGrants({ constraints: ['{env="prod"}'] }),
      ['{tenant="health",env="prod"}'],
    ],
    [
      'alternatives on one label to one regex',
      withGrants({ constraints: ['{team="a.b"}', '{team="c"}'] }),
      ['{tenant="health",team=~"a\\\\.b|c"}'],
    ],
    [
      'alternatives on different labels apart',
      withGrants({ constraints: ['{env="prod"}'] }, { constraints: ['{team="a"}'] }),
      ['{tenant="health",env="prod"}', '{tenant="health",team="a"}'],
    ],
    [
      'not by what another grant leaves open',
      withGrants({ constraints: ['{env="prod"}'] }, {}, { constraints: ['{team="a"}'] }),
      ['{tenant="health"}'],
    ],
    [
      'without alternatives inside others',
      withGrants({ constraints: ['{env="prod",team="a"}', '{env="prod"}', '{env="prod"}'] }),
      ['{tenant="health",env="prod"}'],
    ],
    [
      'to all tenants of the org, escaped and anchored',
      { ...withGrants({}), tenants: ['a.b', 'a', "c*(d)'!"] },
      [`{tenant=~"a|a\\\\.b|c\\\\*\\\\(d\\\\)'!"}`],
    ],
    [
      'to one of the org’s tenants',
      { ...withGrants({ constraints: ['{tenant="a"}'] }), tenants: ['a', 'b'] },
      ['{tenant="a"}'],
    ],
    [
      'by the data source’s own tenant label',
      { ...withGrants({}), dataSources: [{ uid: 'main', name: 'Main', ...source, tenantLabel: 'agency' }] },
      ['{agency="health"}'],
    ],
  ])('%s', (_name, policy, expected) => {
    expect(answer(policy)).toEqual(expected)
  })

  it('nobody to another org’s tenant', () => {
    expect(answer(withGrants({ constraints: ['{tenant="revenue"}'] }))).toBe(
      'the grants and guardrails leave no series',
    )
    const both = withGrants({ constraints: ['{tenant="revenue"}', '{env="prod"}'] })
    expect(answer(both)).toEqual(['{tenant="health",env="prod"}'])
  })

  it('gives equal access equal constraints, whatever the order of grants', () => {
    const grants = [{ constraints: ['{b="2",a="1"}'] }, { constraints: ['{c="3"}', '{a="1",b="4"}'] }]
    expect(answer(withGrants(...grants.toReversed()))).toEqual(answer(withGrants(...grants)))
  })
})

describe('guardrails', () => {
  const guarded = (selectors: readonly string[], constraints: readonly string[] = []): OrgPolicy =>
    policyWith({
      grants: [grantOf({ constraints })],
      guardrails: selectors.map((text, i) => ({
        uid: `r${i}`,
        selector: grantOf({ constraints: [text] }).constraints[0] ?? [],
        reason: 'law',
      })),
    })

  it.each<[string, OrgPolicy, readonly string[]]>([
    ['exclude what they name', guarded(['{pii="true"}']), ['{tenant="health",pii!="true"}']],
    [
      'exclude only what matches all of one',
      guarded(['{a="x",b=~"y|z"}']),
      ['{tenant="health",a!="x"}', '{tenant="health",b!~"y|z"}'],
    ],
    ['add up', guarded(['{a="x"}', '{b="y"}']), ['{tenant="health",a!="x",b!="y"}']],
    [
      'say nothing where the grant is already outside',
      guarded(['{env="test",a="x"}'], ['{env="prod"}']),
      ['{tenant="health",env="prod"}'],
    ],
  ])('%s', (_name, policy, expected) => {
    expect(answer(policy)).toEqual(expected)
  })

  it('hold against a grant of exactly what they exclude', () => {
    expect(answer(guarded(['{pii="true"}'], ['{pii="true"}']))).toBe(
      'the grants and guardrails leave no series',
    )
    const partly = guarded(['{pii="true"}'], ['{pii="true"}', '{env="prod"}'])
    expect(answer(partly)).toEqual(['{tenant="health",env="prod",pii!="true"}'])
  })

  it('are all applied, or access is denied, however many grants there are', () => {
    const constraints = Array.from({ length: 4_097 }, (_, i) => `{team="t${i}"}`)
    const answerOf = (count: number) =>
      answer(
        policyWith({
          grants: [grantOf({ constraints: constraints.slice(0, count) })],
          guardrails: ['{pii="1"}', '{secret="1"}'].map((text, i) => ({
            uid: `r${i}`,
            selector: parseMatchers(text),
            reason: 'law',
          })),
        }),
      )
    expect(answerOf(4_096)).toEqual([expect.stringMatching(/pii!="1",secret!="1",team=~"t0\|/)])
    expect(answerOf(4_097)).toBe('the grants and guardrails make more than 64 alternatives')
  })

  it('that make too many alternatives deny instead', () => {
    const rails = Array.from({ length: 8 }, (_, i) => `{a${i}="x",b${i}="y",c${i}="z"}`)
    expect(answer(guarded(rails))).toBe('the grants and guardrails make more than 64 alternatives')
  })
})

describe('places', () => {
  const folders = [
    { uid: 'top', title: 'Top', parentUid: undefined },
    { uid: 'mid', title: 'Mid', parentUid: 'top' },
    { uid: 'low', title: 'Low', parentUid: 'mid' },
    { uid: 'side', title: 'Side', parentUid: 'top' },
  ]
  const board = (folderUid?: string): Resource => ({
    kind: 'dashboard',
    uid: 'board',
    orgUid: 'health',
    folderUid,
  })
  const folder = (uid: string): Resource => ({ kind: 'folder', uid, orgUid: 'health' })
  const at = (where: Grant['where']): OrgPolicy =>
    policyWith({ folders, grants: [grantOf({ where, role: 'editor' })] })
  it.each<[string, Grant['where'], Action, Resource, boolean]>([
    ['org reaches a dashboard at the top', { kind: 'org' }, 'dashboards:read', board(), true],
    ['folder reaches its dashboards', { kind: 'folder', uid: 'mid' }, 'dashboards:read', board('mid'), true],
    [
      'folder reaches dashboards below',
      { kind: 'folder', uid: 'top' },
      'dashboards:read',
      board('low'),
      true,
    ],
    ['folder reaches itself', { kind: 'folder', uid: 'mid' }, 'folders:write', folder('mid'), true],
    ['folder reaches folders below', { kind: 'folder', uid: 'top' }, 'folders:write', folder('low'), true],
    ['folder does not reach above', { kind: 'folder', uid: 'mid' }, 'folders:write', folder('top'), false],
    ['folder does not reach beside', { kind: 'folder', uid: 'mid' }, 'dashboards:read', board('side'), false],
    [
      'folder does not reach the top level',
      { kind: 'folder', uid: 'top' },
      'dashboards:read',
      board(),
      false,
    ],
    ['dashboard reaches itself', { kind: 'dashboard', uid: 'board' }, 'dashboards:write', board('low'), true],
    [
      'dashboard does not reach its folder',
      { kind: 'dashboard', uid: 'board' },
      'folders:read',
      folder('low'),
      false,
    ],
    [
      'dashboard does not reach another kind of the same uid',
      { kind: 'dashboard', uid: 'low' },
      'folders:read',
      folder('low'),
      false,
    ],
  ])('%s', (_name, where, action, resource, expected) => {
    expect(ask(at(where), { action, resource }).allowed).toBe(expected)
  })

  it('a team reaches its service accounts only', () => {
    const policy = policyWith({ grants: [grantOf({ where: { kind: 'team', uid: 'a' }, role: 'team-lead' })] })
    const account = (teamUid: string): Resource => ({
      kind: 'service-account',
      uid: 'ci',
      orgUid: 'health',
      teamUid,
    })
    expect(ask(policy, { action: 'serviceaccounts:write', resource: account('a') }).allowed).toBe(true)
    expect(ask(policy, { action: 'serviceaccounts:write', resource: account('b') }).allowed).toBe(false)
    expect(ask(policy, { action: 'datasources:query' }).allowed).toBe(false)
  })

  it('end where a broken tree does', () => {
    const cycle = [
      { uid: 'x', title: 'X', parentUid: 'y' },
      { uid: 'y', title: 'Y', parentUid: 'x' },
    ]
    const policy = policyWith({ folders: cycle, grants: [grantOf({ where: { kind: 'folder', uid: 'y' } })] })
    expect(ask(policy, { action: 'dashboards:read', resource: board('x') }).allowed).toBe(true)
    expect(ask(policy, { action: 'dashboards:read', resource: board('gone') }).allowed).toBe(false)
  })

  it('narrow a role’s own scope, and are narrowed by it', () => {
    const role = {
      name: 'scoped',
      version: 1,
      description: '',
      permissions: [{ action: 'dashboards:read' as const, scope: 'folders:uid:mid' }],
    }
    const scoped = (where: Grant['where']) =>
      policyWith({ folders, roles: [role], grants: [grantOf({ where, role: 'scoped' })] })
    const read = (policy: OrgPolicy, folderUid: string) =>
      ask(policy, { action: 'dashboards:read', resource: board(folderUid) }).allowed
    expect(['top', 'mid', 'low'].map((uid) => read(scoped({ kind: 'org' }), uid))).toEqual([
      false,
      true,
      true,
    ])
    expect(['top', 'mid', 'low'].map((uid) => read(scoped({ kind: 'folder', uid: 'low' }), uid))).toEqual([
      false,
      false,
      true,
    ])
    expect(['top', 'mid', 'low'].map((uid) => read(scoped({ kind: 'folder', uid: 'side' }), uid))).toEqual([
      false,
      false,
      false,
    ])
  })
})

describe('the platform org', () => {
  const platform = (role: string): OrgPolicy =>
    policyWith({ orgUid: 'platform', isPlatform: true, tenants: [], grants: [grantOf({ role })] })
  const principal = principalOf({ orgUid: 'platform' })
  const org = (uid: string): Resource => ({ kind: 'org', uid, orgUid: 'platform' })

  it('lets operators manage other orgs and their data sources, and see no series', () => {
    const policy = platform('operator')
    expect(ask(policy, { principal, action: 'orgs:write', resource: org('health') }).allowed).toBe(true)
    expect(ask(policy, { principal, action: 'datasources:write', resource: org('health') }).allowed).toBe(
      true,
    )
    expect(ask(policy, { principal, resource: { ...mainSource, orgUid: 'platform' } }).allowed).toBe(false)
  })

  it('lets its admins do nothing to other orgs that is those orgs’ own business', () => {
    const policy = platform('org-admin')
    for (const action of ['grants:create', 'users:write', 'guardrails:write', 'teams:create'] as const) {
      expect(ask(policy, { principal, action, resource: org('platform') }).allowed).toBe(true)
      expect(ask(policy, { principal, action, resource: org('health') }).allowed).toBe(false)
    }
  })

  it('is the only one that reaches other orgs', () => {
    const policy = policyWith({ grants: [grantOf({ role: 'operator' })] })
    const resource: Resource = { kind: 'org', uid: 'revenue', orgUid: 'health' }
    expect(ask(policy, { action: 'orgs:write', resource }).allowed).toBe(false)
    expect(ask(policy, { action: 'orgs:write', resource: { ...resource, uid: 'health' } }).allowed).toBe(true)
  })
})

describe('a decision', () => {
  it('says why', () => {
    const policy = withGrants({ subject: { kind: 'user', uid: 'u1' }, role: 'editor' }, {})
    expect(ask(policy)).toMatchObject({
      because: [
        { grantUid: 'g0', role: 'editor', via: 'user:u1', permission: 'datasources:query' },
        { grantUid: 'g1', role: 'viewer', via: 'team:a', permission: 'datasources:query' },
      ],
    })
  })

  it('is remembered only as long as no grant begins or ends', () => {
    const policy = withGrants(
      { notBefore: 100, expiresAt: 200 },
      { notBefore: 150, constraints: ['{env="prod"}'] },
    )
    const at = (now: number) => ask(policy, { now }).allowed
    expect([99, 100, 199, 200, 99, 1_000].map(at)).toEqual([false, true, true, true, false, true])
    expect(answer(policy, { now: 200 })).toEqual(['{tenant="health",env="prod"}'])
    expect(answer(policy, { now: 160 })).toEqual(['{tenant="health"}'])
    expect(answer(policy, { now: 200 })).toEqual(['{tenant="health",env="prod"}'])
  })

  it('is not shared between principals or policies', () => {
    const policy = withGrants({})
    expect(ask(policy).allowed).toBe(true)
    expect(ask(policy, { principal: principalOf({ teams: [] }) }).allowed).toBe(false)
    expect(ask(policy, { principal: principalOf({ teams: ['a","b'] }) }).allowed).toBe(false)
    expect(ask(policyWith()).allowed).toBe(false)
  })
})

describe('shipped roles', () => {
  it('hold only known actions, and every action is in some role or deliberately in none', () => {
    const held = new Set(shippedRoles.flatMap(({ permissions }) => permissions.map(({ action }) => action)))
    const unheld = Object.keys(permissionTable).filter((action) => !held.has(action as Action))
    expect(unheld).toEqual(['audit:reveal'])
  })

  it('keep series from operators and auditors', () => {
    for (const name of ['operator', 'auditor']) {
      const role = shippedRoles.find((candidate) => candidate.name === name)
      expect(role?.permissions.filter(({ action }) => permissionTable[action].data)).toEqual([])
    }
  })
})
