import { createGrant, type NewGrant } from './grants.ts'
import type { OrgTransaction } from './transaction.ts'

/** A grant that ends by itself. */
export interface TemporaryGrant extends NewGrant {
  readonly origin: 'request' | 'break-glass' | 'share-link'
  readonly expiresAt: number
}

/**
 * Runs statements about access that files do not declare, also in orgs whose access is declared in files: what is made here ends by
 * itself, and applying a file leaves it alone.
 */
export async function besideFiles<T>(tx: OrgTransaction, work: () => Promise<T>): Promise<T> {
  await tx.rows(`select set_config('app.managed_by', 'files', true)`)
  const result = await work()
  await tx.rows(`select set_config('app.managed_by', '', true)`)
  return result
}

/** Stores a grant that ends by itself; its uid. @throws GatehouseError `bad_data`, `conflict` as `createGrant`. */
export async function createTemporaryGrant(tx: OrgTransaction, grant: TemporaryGrant): Promise<string> {
  return besideFiles(tx, async () => {
    const uid = await createGrant(tx, grant)
    await tx.rows('update grants set origin = $2 where org_uid = app_org() and uid = $1', [uid, grant.origin])
    return uid
  })
}

/** Ends a temporary grant at once; false if there is none or it ended before. */
export async function endTemporaryGrant(tx: OrgTransaction, uid: string): Promise<boolean> {
  return besideFiles(tx, async () => {
    const rows = await tx.rows(
      `delete from grants where org_uid = app_org() and uid = $1 and origin <> 'policy' and expires_at > now() returning 1`,
      [uid],
    )
    return rows.length > 0
  })
}
