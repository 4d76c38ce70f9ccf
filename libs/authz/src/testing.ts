import { parseMatchers } from '@gatehouse/promql'
import type { Principal, Resource } from './model.ts'
import type { Grant, OrgPolicy, Where } from './policy.ts'
import { shippedRoles } from './roles.ts'

/** An empty org with its tenant and one data source `main`, for tests; `change` replaces parts of it. */
export function policyWith(change: Partial<OrgPolicy> = {}): OrgPolicy {
  return {
    orgUid: 'health',
    name: 'Health',
    isPlatform: false,
    version: '1-test',
    tenants: ['health'],
    teams: [],
    members: [],
    serviceAccounts: [],
    folders: [],
    dataSources: [{ uid: 'main', name: 'Main', tenantLabel: 'tenant' }],
    roles: shippedRoles,
    grants: [],
    guardrails: [],
    ...change,
  }
}

/** A grant to `team:a` on the whole org, for tests; `change` replaces parts of it. */
export function grantOf(
  change: Partial<Omit<Grant, 'constraints'>> & { constraints?: readonly string[] } = {},
): Grant {
  const { constraints = [], ...rest } = change
  const where: Where = { kind: 'org' }
  return {
    uid: 'g1',
    subject: { kind: 'team', uid: 'a' },
    role: 'viewer',
    where,
    notBefore: undefined,
    expiresAt: undefined,
    reason: '',
    ...rest,
    constraints: constraints.map((text) => parseMatchers(text)),
  }
}

/** A user in team `a`, for tests. */
export function principalOf(change: Partial<Principal> = {}): Principal {
  return {
    kind: 'user',
    uid: 'u1',
    orgUid: 'health',
    name: 'Somebody',
    teams: ['a'],
    identity: undefined,
    credential: { kind: 'bearer', id: 'x' },
    ...change,
  }
}

/** The data source of {@link policyWith}, loaded. */
export const mainSource: Resource = { kind: 'data-source', uid: 'main', orgUid: 'health' }
