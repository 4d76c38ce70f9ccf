import { GatehouseError } from '@gatehouse/errors'
import { listTenants } from '../tenants.ts'
import { findOrg, lockApiManagedOrg, type Org } from '../orgs.ts'
import type { OrgTransaction, Transaction } from '../transaction.ts'

/** An org with what the platform manages of it. */
export interface ManagedOrg extends Pick<Org, 'uid' | 'name' | 'managed' | 'isPlatform' | 'issuers'> {
  readonly tenants: readonly string[]
}

/** What may be changed of an org. */
export type OrgSettings = Pick<ManagedOrg, 'name' | 'issuers' | 'tenants'>

/** Uids of all orgs, in order. */
export async function listOrgUids(tx: Transaction): Promise<readonly string[]> {
  const rows = await tx.rows<{ org_uid: string }>('select org_uid from policy_versions() order by org_uid')
  return rows.map(({ org_uid }) => org_uid)
}

/** The entered org with its tenants, or undefined if it does not exist. */
export async function findManagedOrg(tx: OrgTransaction): Promise<ManagedOrg | undefined> {
  const org = await findOrg(tx)
  if (org === undefined) return undefined
  const { uid, name, managed, isPlatform, issuers } = org
  return { uid, name, managed, isPlatform, issuers, tenants: await listTenants(tx) }
}

async function writeTenants(tx: OrgTransaction, tenants: readonly string[]): Promise<void> {
  await tx.rows('delete from tenants where org_uid = app_org() and value <> all ($1)', [tenants])
  await tx.rows(
    `insert into tenants (org_uid, value) select app_org(), wanted from unnest($1::text[]) wanted
     where not exists (select from tenants t where t.org_uid = app_org() and t.value = wanted)`,
    [tenants],
  )
}

/**
 * Makes the entered org, managed through the API.
 * @throws GatehouseError `conflict` if it exists or a tenant belongs to another org.
 */
export async function createOrg(tx: OrgTransaction, { name, issuers, tenants }: OrgSettings): Promise<void> {
  await tx.rows(`insert into orgs (uid, name, issuers, managed) values ($1, $2, $3, 'api')`, [
    tx.orgUid,
    name,
    issuers ?? null,
  ])
  await writeTenants(tx, tenants)
}

/**
 * Changes the entered org.
 * @throws GatehouseError `conflict` if a tenant belongs to another org, it is declared in files, or the platform is to own tenants.
 */
export async function updateOrg(tx: OrgTransaction, { name, issuers, tenants }: OrgSettings): Promise<void> {
  const org = await lockApiManagedOrg(tx)
  if (org?.isPlatform === true && tenants.length > 0)
    throw new GatehouseError('conflict', 'the platform org owns no tenants')
  await tx.rows('update orgs set name = $1, issuers = $2 where uid = app_org()', [name, issuers ?? null])
  await writeTenants(tx, tenants)
}

/**
 * Deletes the entered org with everything in it but its audit log.
 * @throws GatehouseError `conflict` for the platform org and for one declared in files.
 */
export async function deleteOrg(tx: OrgTransaction): Promise<void> {
  const org = await lockApiManagedOrg(tx)
  if (org?.isPlatform === true) throw new GatehouseError('conflict', 'the platform org cannot be deleted')
  await tx.rows('delete from orgs where uid = app_org()')
}
