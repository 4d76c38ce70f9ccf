import { createHash } from 'node:crypto'
import { type ApprovedDashboard, type OrgPolicy, shippedRoles } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import type { DataSource } from '@gatehouse/query'
import { listApprovedDashboards } from './dashboards/approved.ts'
import { listContested, listDataSources } from './data-sources.ts'
import { listFolders } from './folders.ts'
import { listGrants } from './grants.ts'
import { listGuardrails } from './guardrails.ts'
import { listMembers } from './members.ts'
import { findOrg } from './orgs.ts'
import { listRoles } from './roles.ts'
import { listServiceAccounts } from './service-accounts.ts'
import { listTeams } from './teams.ts'
import { listTenants } from './tenants.ts'
import type { OrgTransaction } from './transaction.ts'

/** All that decisions in one org need, at one version. */
export interface OrgSnapshot {
  readonly policy: OrgPolicy
  /** By uid; without those that are contested. */
  readonly dataSources: ReadonlyMap<string, DataSource>
  /**
   * Uids of data sources of which another org reaches a server through another tenant label: nothing is read from them. Storing one is
   * refused, so this is for what got past that.
   */
  readonly contested: ReadonlySet<string>
  /** Dashboards whose viewers may run their queries. */
  readonly dashboards: readonly ApprovedDashboard[]
}

// A release that changes a shipped role changes what every org's policy means.
const release = createHash('sha256').update(JSON.stringify(shippedRoles)).digest('hex').slice(0, 8)

/** A policy's version as decisions carry it, from the org's counter in the database. */
export function policyVersionOf(counter: string): string {
  return `${counter}-${release}`
}

/**
 * Reads an org's snapshot.
 * @throws GatehouseError `not_found` if the org does not exist.
 */
export async function readSnapshot(tx: OrgTransaction): Promise<OrgSnapshot> {
  const org = await findOrg(tx)
  if (org === undefined) throw new GatehouseError('not_found', 'the org does not exist')
  const contested = await listContested(tx)
  const dataSources = (await listDataSources(tx)).filter(({ uid }) => !contested.has(uid))
  const customRoles = (await listRoles(tx)).filter(
    ({ name }) => !shippedRoles.some((role) => role.name === name),
  )
  const policy: OrgPolicy = {
    orgUid: org.uid,
    name: org.name,
    isPlatform: org.isPlatform,
    version: policyVersionOf(org.policyVersion),
    tenants: await listTenants(tx),
    teams: await listTeams(tx),
    members: await listMembers(tx),
    serviceAccounts: await listServiceAccounts(tx),
    folders: await listFolders(tx),
    dataSources: dataSources.map(({ uid, name, tenantLabel }) => ({ uid, name, tenantLabel })),
    roles: [...shippedRoles, ...customRoles],
    grants: await listGrants(tx),
    guardrails: await listGuardrails(tx),
  }
  const dashboards = await listApprovedDashboards(tx)
  const byUid = new Map(dataSources.map((source) => [source.uid, source]))
  return { policy, dataSources: byUid, contested, dashboards }
}
