import type { OrgPolicy, Principal } from '@gatehouse/authz'
import type { IssuerConfig } from '@gatehouse/config'
import { nothing, type Permissions, type Route, route } from '@gatehouse/http'
import type { RecognisedUser } from '@gatehouse/identity'
import { actionsOf } from './actions.ts'
import { dataSourcesOf, nameOf, rolesOf } from './describe.ts'
import { type Me, meSchema } from './schemas.ts'

export interface MeRouteDeps {
  readonly permissions: Permissions<RecognisedUser>
  readonly policyOf: (orgUid: string) => Promise<OrgPolicy>
  /** Org uids of the person behind these headers. */
  readonly recognise: (rawHeaders: readonly string[]) => Promise<RecognisedUser>
  readonly issuers: readonly IssuerConfig[]
  /** Where clients reach the gateway, without a trailing slash. */
  readonly gatewayUrl: string
  readonly grafanaUrl: string | undefined
}

function issuerOf({ identity }: Principal, issuers: readonly IssuerConfig[]): Me['issuer'] {
  const config = issuers.find(({ issuer }) => issuer === identity?.issuer)
  return config === undefined ? null : { name: config.name, title: config.title ?? config.name }
}

/** Also those that invited them: they come to one by naming it. */
function orgsOfUser({ memberships, invitations }: RecognisedUser['user']): readonly string[] {
  return [...new Set([...memberships.map(({ orgUid }) => orgUid), ...invitations])].toSorted()
}

async function orgsOf(
  principal: Principal,
  rawHeaders: readonly string[],
  deps: MeRouteDeps,
): Promise<Me['orgs']> {
  const uids =
    principal.kind === 'user' ? orgsOfUser((await deps.recognise(rawHeaders)).user) : [principal.orgUid]
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
          links: { grafana: deps.grafanaUrl ?? null },
          policyVersion: policy.version,
        }
      },
    }),
  ]
}
