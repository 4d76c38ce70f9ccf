import { randomUUID } from 'node:crypto'
import { GatehouseError } from '@gatehouse/errors'
import type { OrgTransaction } from './transaction.ts'

/** A service-account token as listed: everything but the secret. Times are ms since the epoch. */
export interface ServiceAccountToken {
  readonly uid: string
  readonly serviceAccountUid: string
  readonly name: string
  /** The first characters of the secret. */
  readonly prefix: string
  readonly sourceCidrs: readonly string[]
  readonly createdAt: number
  readonly expiresAt: number
  readonly revokedAt: number | undefined
  readonly lastUsedAt: number | undefined
}

/** A token to be stored; its secret is only here as its hash. */
export interface NewToken {
  readonly serviceAccountUid: string
  readonly name: string
  readonly prefix: string
  /** SHA-256 of the secret, lower-case hex. */
  readonly hash: string
  /** ms since the epoch. */
  readonly expiresAt: number
  /** Networks it may be used from; none means any. */
  readonly sourceCidrs?: readonly string[]
}

type Row = {
  uid: string
  service_account_uid: string
  name: string
  prefix: string
  source_cidrs: string[]
  created_at: Date
  expires_at: Date
  revoked_at: Date | null
  last_used_at: Date | null
}
const columns =
  'uid, service_account_uid, name, prefix, source_cidrs::text[], created_at, expires_at, revoked_at, last_used_at'

function tokenOf(row: Row): ServiceAccountToken {
  return {
    uid: row.uid,
    serviceAccountUid: row.service_account_uid,
    name: row.name,
    prefix: row.prefix,
    sourceCidrs: row.source_cidrs,
    createdAt: row.created_at.getTime(),
    expiresAt: row.expires_at.getTime(),
    revokedAt: row.revoked_at?.getTime(),
    lastUsedAt: row.last_used_at?.getTime(),
  }
}

/**
 * Stores a token. One that is stored already (the same hash, in the same org) gets the new expiry instead, unless it was revoked.
 * @throws GatehouseError `conflict` if there is no such service account, or the token was revoked.
 */
export async function createToken(tx: OrgTransaction, token: NewToken): Promise<ServiceAccountToken> {
  const { serviceAccountUid, name, prefix, hash, expiresAt, sourceCidrs = [] } = token
  const [row] = await tx.rows<Row>(
    `insert into service_account_tokens as t (org_uid, uid, service_account_uid, name, prefix, hash, expires_at, source_cidrs)
     values (app_org(), $1, $2, $3, $4, $5, $6, $7)
     on conflict (hash) do update set expires_at = excluded.expires_at
       where t.org_uid = app_org() and t.service_account_uid = excluded.service_account_uid and t.revoked_at is null
     returning ${columns}`,
    [`t-${randomUUID()}`, serviceAccountUid, name, prefix, hash, new Date(expiresAt), sourceCidrs],
  )
  if (row === undefined)
    throw new GatehouseError('conflict', 'the token was revoked or belongs to another service account')
  return tokenOf(row)
}

/** Tokens of the entered org, newest first; of one service account, if named. */
export async function listTokens(
  tx: OrgTransaction,
  serviceAccountUid?: string,
): Promise<readonly ServiceAccountToken[]> {
  const rows = await tx.rows<Row>(
    `select ${columns} from service_account_tokens
     where org_uid = app_org() and ($1::text is null or service_account_uid = $1) order by created_at desc, uid`,
    [serviceAccountUid ?? null],
  )
  return rows.map(tokenOf)
}

/** Revokes a token at once; false if there is no such token or it was revoked before. */
export async function revokeToken(tx: OrgTransaction, uid: string): Promise<boolean> {
  const rows = await tx.rows(
    'update service_account_tokens set revoked_at = now() where org_uid = app_org() and uid = $1 and revoked_at is null returning 1',
    [uid],
  )
  return rows.length > 0
}

/** Brings a token's end forward, for a rotation with overlap; never back. False if it is unknown, revoked or has ended. */
export async function shortenToken(tx: OrgTransaction, uid: string, expiresAt: number): Promise<boolean> {
  const rows = await tx.rows(
    `update service_account_tokens set expires_at = least(expires_at, $2)
     where org_uid = app_org() and uid = $1 and revoked_at is null and expires_at > now() returning 1`,
    [uid, new Date(expiresAt)],
  )
  return rows.length > 0
}
