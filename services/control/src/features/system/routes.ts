import type { LimitsConfig } from '@gatehouse/config'
import { authorize, type OrgPolicy, type Principal } from '@gatehouse/authz'
import { isGatehouseError } from '@gatehouse/errors'
import { nothing, type Route, route } from '@gatehouse/http'
import type { Issuer } from '@gatehouse/identity'
import { listOrgUids, listStoredDataSources } from '@gatehouse/store'
import type { z } from 'zod'
import { type ManageDeps, ownOrg } from '../../manage.ts'
import { type GatewayAddress, readGatewayState } from './gateway-state.ts'
import { systemStatusSchema } from './schemas.ts'

export interface SystemRouteDeps extends ManageDeps {
  readonly gateway: GatewayAddress
  readonly issuers: readonly Issuer[]
  readonly limits: LimitsConfig
}

type Status = z.output<typeof systemStatusSchema>

/** The orgs whose state the caller may see: for the platform's operators all. */
async function orgsFor(
  caller: Principal,
  policy: OrgPolicy,
  deps: SystemRouteDeps,
): Promise<readonly string[]> {
  const { orgUid } = caller
  if (!policy.isPlatform) return [orgUid]
  const now = Date.now()
  return (await deps.changes.read(orgUid, listOrgUids)).filter(
    (uid) =>
      authorize(policy, {
        principal: caller,
        action: 'system:read',
        resource: { kind: 'org', uid, orgUid },
        now,
      }).allowed,
  )
}

async function topologyOf(orgs: readonly string[], deps: SystemRouteDeps): Promise<Status['dataSources']> {
  const all: Status['dataSources'] = []
  for (const org of orgs)
    for (const { uid, name, shards } of await deps.changes.read(org, listStoredDataSources))
      all.push({
        org,
        uid,
        name,
        shards: shards.map((shard) => ({
          name: shard.name,
          replicas: shard.replicas.map((replica) => replica.name),
        })),
      })
  return all
}

async function stateOfIssuer(issuer: Issuer): Promise<Status['issuers'][number]> {
  const { name, title = name } = issuer.config
  try {
    await issuer.discover()
    return { name, title, isAvailable: true, problem: null, keys: await keysOf(issuer) }
  } catch (error) {
    const problem = isGatehouseError(error) ? error.message : 'it does not answer'
    return { name, title, isAvailable: false, problem, keys: null }
  }
}

/** State of an issuer's keys; one that answers and has none to give is a state, too. */
async function keysOf(issuer: Issuer): Promise<Status['issuers'][number]['keys']> {
  try {
    const { readAt, isFailing, keys } = await issuer.keyState()
    return {
      readAt: readAt === undefined ? null : new Date(readAt).toISOString(),
      isFailing,
      items: keys.map(({ kid, since }) => ({ kid, since: new Date(since).toISOString() })),
    }
  } catch {
    return null
  }
}

/** The limits as people read them. */
export function limitsAnswer(limits: LimitsConfig): Status['limits'] {
  const { query, slotsPerShard, slotsPerOrg, slotsPerTeam, slotsPerServiceAccount, slotsPerDataSource } =
    limits
  return {
    query,
    slots: {
      shard: slotsPerShard,
      org: slotsPerOrg ?? null,
      team: slotsPerTeam ?? null,
      serviceAccount: slotsPerServiceAccount ?? null,
      dataSource: slotsPerDataSource ?? null,
    },
    maxQueued: limits.maxQueued,
    queueWaitMs: limits.queueWait,
    rates: { org: limits.orgRate ?? null, principal: limits.principalRate ?? null },
    overrides: limits.overrides.length,
  }
}

/** `GET /api/v1/system/status`: how shards, cache, audit spool and identity providers are, for those who keep them running. */
export function systemRoutes(deps: SystemRouteDeps): readonly Route[] {
  const startedAt = new Date().toISOString()
  return [
    route({
      method: 'get',
      path: '/api/v1/system/status',
      summary:
        'State of the gateway, its shards and replicas, cache, audit spool, identity providers and limits',
      action: 'system:read',
      permission: deps.permissions.can('system:read', ownOrg),
      params: nothing,
      query: nothing,
      body: nothing,
      response: systemStatusSchema,
      handler: async ({ caller }) => {
        const policy = await deps.policyOf(caller.orgUid)
        const orgs = await orgsFor(caller, policy, deps)
        const [gateway, dataSources, issuers] = await Promise.all([
          readGatewayState(deps.gateway),
          topologyOf(orgs, deps),
          Promise.all(deps.issuers.map(stateOfIssuer)),
        ])
        return {
          at: new Date().toISOString(),
          policyVersion: policy.version,
          gateway,
          dataSources,
          limits: limitsAnswer(deps.limits),
          issuers,
          control: { startedAt, node: process.version },
        }
      },
    }),
  ]
}
