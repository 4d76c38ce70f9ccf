import { authorize, isInForce, isSubject, type OrgPolicy, type Principal, type Where } from '@gatehouse/authz'
import type { IssuerConfig } from '@gatehouse/config'
import { nothing, type Permissions, type Route, route } from '@gatehouse/http'
import type { RecognisedUser } from '@gatehouse/identity'
import { actionsOf } from './actions.ts'
import { type Me, meSchema } from './schemas.ts'
import { constraintsInWords, selectorOf } from './words.ts'

export interface MeRouteDeps {
  readonly permissions: Permissions<RecognisedUser>
  readonly policyOf: (orgUid: string) => Promise<OrgPolicy>
  /** Org uids of the person behind these headers. */
  readonly recognise: (rawHeaders: readonly string[]) => Promise<RecognisedUser>
  readonly issuers: readonly IssuerConfig[]
  /** Where clients reach the gateway, without a trailing slash. */
  readonly gatewayUrl: string
}

function nameOf(entries: readonly { readonly uid: string; readonly name: string }[], uid: string): string {
  return entries.find((entry) => entry.uid === uid)?.name ?? uid
}

function issuerOf({ identity }: Principal, issuers: readonly IssuerConfig[]): Me['issuer'] {
  const config = issuers.find(({ issuer }) => issuer === identity?.issuer)
  return config === undefined ? null : { name: config.name, title: config.title ?? config.name }
}

function describeVia(policy: OrgPolicy, via: string): string {
  const [kind = '', uid = ''] = via.split(':')
  return kind === 'team' ? `team ${nameOf(policy.teams, uid)}` : 'a grant of your own'
}

/** Where a grant holds, by name. */
function describeWhere(policy: OrgPolicy, where: Where): string {
  switch (where.kind) {
    case 'org':
      return policy.name
    case 'team':
      return `team ${nameOf(policy.teams, where.uid)}`
    case 'data-source':
      return `data source ${nameOf(policy.dataSources, where.uid)}`
    case 'folder':
      return `folder ${policy.folders.find(({ uid }) => uid === where.uid)?.title ?? where.uid}`
    case 'dashboard':
      return `dashboard ${where.uid}`
  }
}

function rolesOf(policy: OrgPolicy, principal: Principal): Me['roles'] {
  const now = Date.now()
  const roles = policy.grants
    .filter((grant) => isSubject(grant, principal) && isInForce(grant, now))
    .map(({ role: name, subject, where }) => ({
      name,
      description: policy.roles.find((role) => role.name === name)?.description ?? '',
      via: describeVia(policy, `${subject.kind}:${subject.uid}`),
      where: describeWhere(policy, where),
    }))
  return [...new Map(roles.map((role) => [JSON.stringify(role), role])).values()]
}

function dataSourcesOf(policy: OrgPolicy, principal: Principal, gatewayUrl: string): Me['dataSources'] {
  return policy.dataSources.flatMap(({ uid, name }) => {
    const resource = { kind: 'data-source', uid, orgUid: policy.orgUid } as const
    const decision = authorize(policy, { principal, action: 'datasources:query', resource, now: Date.now() })
    if (!decision.allowed) return []
    const { constraints, because } = decision
    return {
      uid,
      name,
      url: `${gatewayUrl}/prom/${uid}`,
      words: constraintsInWords(constraints),
      selectors: constraints.alternatives.map(selectorOf),
      because: because.map(({ role, via, grantUid }) => ({ role, via: describeVia(policy, via), grantUid })),
    }
  })
}

async function orgsOf(
  principal: Principal,
  rawHeaders: readonly string[],
  deps: MeRouteDeps,
): Promise<Me['orgs']> {
  const uids =
    principal.kind === 'user'
      ? (await deps.recognise(rawHeaders)).user.memberships.map((membership) => membership.orgUid)
      : [principal.orgUid]
  const policies = await Promise.all(uids.map((uid) => deps.policyOf(uid)))
  return policies.map(({ orgUid, name }) => ({ uid: orgUid, name }))
}

/** `GET /api/v1/me`: the caller, and what the caller may query, decided by the same function as the queries themselves. */
export function meRoutes(deps: MeRouteDeps): readonly Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/me',
      summary: 'Who I am and what I may query',
      action: 'me:read',
      permission: deps.permissions.principal,
      params: nothing,
      query: nothing,
      body: nothing,
      response: meSchema,
      handler: async ({ caller, request }) => {
        const policy = await deps.policyOf(caller.orgUid)
        return {
          kind: caller.kind,
          uid: caller.uid,
          name: caller.name,
          issuer: issuerOf(caller, deps.issuers),
          org: { uid: policy.orgUid, name: policy.name },
          orgs: await orgsOf(caller, request.rawHeaders, deps),
          teams: caller.teams.map((uid) => ({ uid, name: nameOf(policy.teams, uid) })),
          roles: rolesOf(policy, caller),
          dataSources: dataSourcesOf(policy, caller, deps.gatewayUrl),
          actions: actionsOf(policy, caller),
          isPlatform: policy.isPlatform,
          policyVersion: policy.version,
        }
      },
    }),
  ]
}
