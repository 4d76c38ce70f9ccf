import { randomUUID } from 'node:crypto'
import { GatehouseError } from '@gatehouse/errors'
import { lookUp } from '../look-up.ts'
import type { Pool } from '../pool.ts'
import type { OrgTransaction } from '../transaction.ts'

/** A token by which an identity provider pushes an org's people and groups. Times are ms since the epoch. */
export interface ProvisioningToken {
  readonly uid: string
  readonly name: string
  /** First characters of the secret. */
  readonly prefix: string
  readonly issuer: string
  /** The SCIM attribute that is `sub` in the issuer's tokens. */
  readonly subjectFrom: 'externalId' | 'userName'
  readonly createdAt: number
  readonly expiresAt: number
  readonly lastUsedAt: number | undefined
}

/** What a token in use is for. */
export interface Provisioner extends Pick<ProvisioningToken, 'uid' | 'name' | 'issuer' | 'subjectFrom'> {
  readonly orgUid: string
}

type Row = {
  uid: string
  name: string
  prefix: string
  issuer: string
  subject_from: ProvisioningToken['subjectFrom']
  created_at: Date
  expires_at: Date
  last_used_at: Date | null
}
const columns = 'uid, name, prefix, issuer, subject_from, created_at, expires_at, last_used_at'

function tokenOf(row: Row): ProvisioningToken {
  return {
    uid: row.uid,
    name: row.name,
    prefix: row.prefix,
    issuer: row.issuer,
    subjectFrom: row.subject_from,
    createdAt: row.created_at.getTime(),
    expiresAt: row.expires_at.getTime(),
    lastUsedAt: row.last_used_at?.getTime(),
  }
}

/** Stores a token; `hash` is the SHA-256 of its secret, lower-case hex. */
export async function createProvisioningToken(
  tx: OrgTransaction,
  token: Pick<ProvisioningToken, 'name' | 'prefix' | 'issuer' | 'subjectFrom' | 'expiresAt'> & {
    readonly hash: string
  },
): Promise<ProvisioningToken> {
  const { name, prefix, issuer, subjectFrom, expiresAt, hash } = token
  const [row] = await tx.rows<Row>(
    `insert into provisioning_tokens (org_uid, uid, name, prefix, hash, issuer, subject_from, expires_at)
     values (app_org(), $1, $2, $3, $4, $5, $6, $7) returning ${columns}`,
    [`p-${randomUUID()}`, name, prefix, hash, issuer, subjectFrom, new Date(expiresAt)],
  )
  if (row === undefined) throw new GatehouseError('internal', 'no row was made')
  return tokenOf(row)
}

/** Tokens of the entered org that still work, newest first. */
export async function listProvisioningTokens(tx: OrgTransaction): Promise<readonly ProvisioningToken[]> {
  const rows = await tx.rows<Row>(
    `select ${columns} from provisioning_tokens
     where org_uid = app_org() and revoked_at is null and expires_at > now() order by created_at desc, uid`,
  )
  return rows.map(tokenOf)
}

/** Revokes a token at once; false if there is none that still works. */
export async function revokeProvisioningToken(tx: OrgTransaction, uid: string): Promise<boolean> {
  const rows = await tx.rows(
    `update provisioning_tokens set revoked_at = now()
     where org_uid = app_org() and uid = $1 and revoked_at is null and expires_at > now() returning 1`,
    [uid],
  )
  return rows.length > 0
}

/** The token with this hash, if it may be used now; notes the use. */
export async function findProvisioner(pool: Pool, hash: string): Promise<Provisioner | undefined> {
  const [row] = await lookUp<{
    org_uid: string
    uid: string
    name: string
    issuer: string
    subject_from: ProvisioningToken['subjectFrom']
  }>(pool, 'select org_uid, uid, name, issuer, subject_from from find_provisioning_token($1)', [hash])
  return (
    row && {
      orgUid: row.org_uid,
      uid: row.uid,
      name: row.name,
      issuer: row.issuer,
      subjectFrom: row.subject_from,
    }
  )
}
