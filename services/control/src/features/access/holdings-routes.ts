import {
  heldPermissions,
  isSubject,
  type OrgPolicy,
  type Principal,
  principalOfMember,
  principalOfServiceAccount,
} from '@gatehouse/authz'
import { nothing, type Route, route } from '@gatehouse/http'
import { z } from 'zod'
import { byUid, found, type ManageDeps, ownOrg } from '../../manage.ts'
import { answerOfGrant } from '../grants/routes.ts'
import { grantSchema } from '../grants/schemas.ts'
import { dataSourcesOf, nameOf } from '../me/describe.ts'
import { meSchema } from '../me/schemas.ts'

const holdingsSchema = z.strictObject({
  kind: z.enum(['user', 'service-account']),
  uid: z.string(),
  name: z.string(),
  teams: z.array(z.strictObject({ uid: z.string(), name: z.string() })),
  grants: z.array(grantSchema).describe('To them or one of their teams, in force or not'),
  permissions: z
    .array(z.string())
    .describe('Held now, with where: datasources:query, folders:read folders:uid:x'),
  dataSources: meSchema.shape.dataSources.describe('What they may query, and which series'),
  policyVersion: z.string(),
})

interface HoldingsDeps extends ManageDeps {
  /** Where clients reach the gateway, without a trailing slash. */
  readonly gatewayUrl: string
}

function holdingsOf(
  policy: OrgPolicy,
  principal: Principal,
  gatewayUrl: string,
): z.output<typeof holdingsSchema> {
  const { kind, uid, name, teams } = principal
  return {
    kind,
    uid,
    name,
    teams: teams.map((team) => ({ uid: team, name: nameOf(policy.teams, team) })),
    grants: policy.grants.filter((grant) => isSubject(grant, principal)).map(answerOfGrant),
    permissions: [...heldPermissions(policy, principal, Date.now())],
    dataSources: dataSourcesOf(policy, principal, gatewayUrl),
    policyVersion: policy.version,
  }
}

function routeFor(
  deps: HoldingsDeps,
  noun: 'users' | 'service-accounts',
  find: (policy: OrgPolicy, uid: string) => Principal,
): Route {
  return route({
    method: 'get',
    path: `/api/v1/${noun}/:uid/access`,
    summary: `All that a ${noun === 'users' ? 'member of the org' : 'service account'} holds, and by which grants`,
    action: `${noun}:explain`,
    permission: deps.permissions.can('access:explain', ownOrg),
    params: byUid,
    query: nothing,
    body: nothing,
    response: holdingsSchema,
    handler: async ({ caller, params }) => {
      const policy = await deps.policyOf(caller.orgUid)
      return holdingsOf(policy, find(policy, params.uid), deps.gatewayUrl)
    },
  })
}

/** `/api/v1/users/:uid/access` and the same of service accounts: one side of a comparison, or a person's page. */
export function holdingsRoutes(deps: HoldingsDeps): readonly Route[] {
  return [
    routeFor(deps, 'users', (policy, wanted) => {
      const member = policy.members.find(({ uid }) => uid === wanted)
      return principalOfMember(policy, found(member, 'user'))
    }),
    routeFor(deps, 'service-accounts', (policy, wanted) => {
      const account = policy.serviceAccounts.find(({ uid }) => uid === wanted)
      return principalOfServiceAccount(policy, found(account, 'service account'))
    }),
  ]
}
