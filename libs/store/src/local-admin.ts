import { GatehouseError } from '@gatehouse/errors'
import { type BreakGlass, openBreakGlass } from './break-glass.ts'
import { lookUp } from './look-up.ts'
import type { Pool } from './pool.ts'
import { newUserUid } from './recognise.ts'
import { besideFiles } from './temporary-grants.ts'
import type { OrgTransaction } from './transaction.ts'

/** Issuer of local administrators; their subject is the org. No identity provider can have it: it is no URL. */
export const localAdminIssuer = 'urn:gatehouse:local-admin'

/** A one-time code; itself it is only here as its hash. */
export interface LocalAdminCode {
  /** SHA-256 of the code, lower-case hex. */
  readonly hash: string
  /** Who made it: the account on the machine. */
  readonly madeBy: string
  readonly reason: string
  /** ms since the epoch. */
  readonly expiresAt: number
}

/** Keeps a code for the entered org, and drops those that ran out. */
export async function keepLocalAdminCode(tx: OrgTransaction, code: LocalAdminCode): Promise<void> {
  const { hash, madeBy, reason, expiresAt } = code
  await tx.rows('delete from local_admin_codes where org_uid = app_org() and expires_at < now()')
  await tx.rows(
    'insert into local_admin_codes (org_uid, hash, made_by, reason, expires_at) values (app_org(), $1, $2, $3, $4)',
    [hash, madeBy, reason, new Date(expiresAt)],
  )
}

/** Uses up the code with this hash; undefined if there is none, or its time is over. */
export async function takeLocalAdminCode(
  pool: Pool,
  hash: string,
): Promise<{ readonly orgUid: string; readonly madeBy: string; readonly reason: string } | undefined> {
  const [row] = await lookUp<{ org_uid: string; made_by: string; reason: string }>(
    pool,
    'select org_uid, made_by, reason from take_local_admin_code($1)',
    [hash],
  )
  return row === undefined ? undefined : { orgUid: row.org_uid, madeBy: row.made_by, reason: row.reason }
}

/**
 * Makes the local administrator of the entered org, once, and gives them the role `org-admin` until `expiresAt` (ms since the epoch), also
 * where files declare the org's access. It is listed as break-glass access until somebody else reviewed it.
 */
export async function openLocalAdmin(
  tx: OrgTransaction,
  { reason, expiresAt }: Pick<LocalAdminCode, 'reason' | 'expiresAt'>,
): Promise<BreakGlass> {
  const [user] = await tx.rows<{ uid: string }>('select uid from recognise_user($1, $2, $3, $4, null)', [
    newUserUid(),
    localAdminIssuer,
    tx.orgUid,
    'Local administrator',
  ])
  if (user === undefined) throw new GatehouseError('internal', 'a user was not made')
  await besideFiles(tx, () =>
    tx.rows(
      `insert into memberships (org_uid, user_uid, source) values (app_org(), $1, 'manual') on conflict do nothing`,
      [user.uid],
    ),
  )
  const where = { kind: 'org', uid: tx.orgUid } as const
  return openBreakGlass(tx, { openedBy: user.uid, where, reason, expiresAt, role: 'org-admin' })
}
