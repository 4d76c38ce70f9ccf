import { parseMatchers } from '@gatehouse/promql'
import { describe, expect, it } from 'vitest'
import { notHeld, type ProposedGrant } from './may-grant.ts'
import type { Resource } from './model.ts'
import type { Grant, OrgPolicy } from './policy.ts'
import { shippedRoles } from './roles.ts'
import { grantOf, mainSource, policyWith, principalOf } from './testing.ts'

const folders = [
  { uid: 'top', title: 'Top', parentUid: undefined },
  { uid: 'low', title: 'Low', parentUid: 'top' },
]
const org: Resource = { kind: 'org', uid: 'health', orgUid: 'health' }
const folder = (uid: string, folderUid?: string): Resource => ({
  kind: 'folder',
  uid,
  orgUid: 'health',
  folderUid,
})

const holding = (...grants: Parameters<typeof grantOf>[0][]): OrgPolicy =>
  policyWith({ folders, grants: grants.map((grant, i) => grantOf({ uid: `g${i}`, ...grant })) })

/** Actions of the role that the holder may not give. */
function missing(
  policy: OrgPolicy,
  role: string,
  wanted: Partial<Omit<ProposedGrant, 'constraints'>> & { constraints?: string[] } = {},
): readonly string[] {
  const found = shippedRoles.find(({ name }) => name === role)
  if (found === undefined) throw new Error(role)
  const { constraints = [], ...rest } = wanted
  const proposed = {
    role: found,
    place: org,
    expiresAt: undefined,
    ...rest,
    constraints: constraints.map((text) => parseMatchers(text)),
  }
  return notHeld(policy, { principal: principalOf(), now: 1_000 }, proposed).map(({ action }) => action)
}

describe('nobody grants what they do not hold', () => {
  it('an org admin gives any role of the org but that of operators', () => {
    const admin = holding({ role: 'org-admin' })
    for (const role of [
      'viewer',
      'editor',
      'ml-engineer',
      'team-lead',
      'org-admin',
      'auditor',
      'fairness-reviewer',
    ])
      expect(missing(admin, role)).toEqual([])
    expect(missing(admin, 'operator')).toContain('orgs:create')
  })

  it('an editor does not make admins, a viewer does not make editors', () => {
    expect(missing(holding({ role: 'editor' }), 'org-admin')).toContain('grants:create')
    expect(missing(holding({ role: 'viewer' }), 'editor')).toContain('dashboards:write')
    expect(missing(holding(), 'viewer').length).toBe(7)
    expect(missing(policyWith(), 'viewer').length).toBe(7)
  })

  it('not outside the place where they hold it', () => {
    const lead = holding({ role: 'editor', where: { kind: 'folder', uid: 'top' } })
    const folderRole = { permissions: [{ action: 'dashboards:write' as const, scope: '*' }] }
    expect(missing(lead, 'viewer', { role: folderRole, place: folder('low', 'top') })).toEqual([])
    expect(missing(lead, 'viewer', { role: folderRole, place: folder('top') })).toEqual([])
    expect(missing(lead, 'viewer', { role: folderRole, place: folder('other') })).toEqual([
      'dashboards:write',
    ])
    expect(missing(lead, 'viewer', { role: folderRole, place: org })).toEqual(['dashboards:write'])
    const scoped = { permissions: [{ action: 'dashboards:write' as const, scope: 'folders:uid:low' }] }
    expect(missing(lead, 'viewer', { role: scoped, place: org })).toEqual([])
  })

  it('not beyond the scope of their own permission', () => {
    const scoped = (scope: string, where: Grant['where']): OrgPolicy => {
      const permissions = [
        { action: 'dashboards:write' as const, scope },
        { action: 'grants:create' as const, scope },
      ]
      return {
        ...holding({ role: 'scoped', where }),
        roles: [{ name: 'scoped', version: 1, description: '', permissions }],
      }
    }
    const write = { permissions: [{ action: 'dashboards:write' as const, scope: '*' }] }
    const one = scoped('dashboards:uid:d1', { kind: 'folder', uid: 'top' })
    expect(missing(one, 'viewer', { role: write, place: folder('top') })).toEqual(['dashboards:write'])
    const board: Resource = { kind: 'dashboard', uid: 'd1', orgUid: 'health', folderUid: 'low' }
    expect(missing(one, 'viewer', { role: write, place: board })).toEqual([])
    const give = { permissions: [{ action: 'grants:create' as const, scope: '*' }] }
    const orgOnly = scoped('orgs:uid:health', { kind: 'org' })
    expect(missing(orgOnly, 'viewer', { role: give })).toEqual(['grants:create'])
  })

  it('not for more series than they see', () => {
    const narrow = holding({ constraints: ['{team="a",env="prod"}', '{team="b"}'] })
    const query = {
      role: { permissions: [{ action: 'datasources:query' as const, scope: '*' }] },
      place: mainSource,
    }
    expect(missing(narrow, 'viewer', { ...query, constraints: ['{team="b"}'] })).toEqual([])
    expect(missing(narrow, 'viewer', { ...query, constraints: ['{team="a",env="prod",x="y"}'] })).toEqual([])
    for (const constraints of [
      [],
      ['{team="a"}'],
      ['{team="b"}', '{team="a"}'],
      ['{team!="c"}'],
      ['{team=~"b.*"}'],
    ])
      expect(missing(narrow, 'viewer', { ...query, constraints })).toEqual(['datasources:query'])
  })

  it('not for longer than they hold it', () => {
    const brief = holding({ expiresAt: 5_000 })
    expect(missing(brief, 'viewer')).not.toEqual([])
    expect(missing(brief, 'viewer', { expiresAt: 5_001 })).not.toEqual([])
    expect(missing(brief, 'viewer', { expiresAt: 5_000 })).toEqual([])
    expect(missing(holding({ expiresAt: 1_000 }), 'viewer', { expiresAt: 900 })).not.toEqual([])
  })

  it('not in another org', () => {
    const admin = holding({ role: 'org-admin' })
    expect(missing(admin, 'viewer', { place: { ...org, orgUid: 'revenue', uid: 'revenue' } })).toHaveLength(7)
  })
})
