import { GatehouseError } from '@gatehouse/errors'
import type { OrgTransaction } from './transaction.ts'

export interface Org {
  readonly uid: string
  readonly name: string
  /** Whether access is declared in files or changed through the API; never both. */
  readonly managed: 'files' | 'api'
  readonly isPlatform: boolean
  /** Issuers whose identities may belong to this org; undefined means every configured one. */
  readonly issuers: readonly string[] | undefined
  readonly policyVersion: string
}

interface OrgRow {
  uid: string
  name: string
  managed: Org['managed']
  platform: boolean
  issuers: string[] | null
  policy_version: string
}

/** The entered org, or undefined if it does not exist. */
export async function findOrg(tx: OrgTransaction): Promise<Org | undefined> {
  const [row] = await tx.rows<OrgRow>(
    'select uid, name, managed, platform, issuers, policy_version from orgs where uid = app_org()',
  )
  if (row === undefined) return undefined
  const { uid, name, managed, platform: isPlatform, issuers, policy_version: policyVersion } = row
  return { uid, name, managed, isPlatform, issuers: issuers ?? undefined, policyVersion }
}

/**
 * The entered org, kept from being changed by others until the transaction ends; undefined if it does not exist.
 * @throws GatehouseError `conflict` if files declare its access.
 */
export async function lockApiManagedOrg(tx: OrgTransaction): Promise<Org | undefined> {
  await tx.rows('select from orgs where uid = app_org() for update')
  const org = await findOrg(tx)
  if (org?.managed === 'files')
    throw new GatehouseError('conflict', 'the access of this org is declared in files; change it there')
  return org
}
