import type { Identity } from '@gatehouse/audit'
import { type AuditTransaction, orgOf } from './scope.ts'

interface IdentityRow {
  readonly ref: string
  readonly salt: string
  readonly orgUid: string | null
  readonly uid: string
  readonly name: string
  readonly issuer: string | null
  readonly subject: string | null
}

function toIdentity({ issuer, subject, ...row }: IdentityRow): Identity {
  return { ...row, ...(issuer === null ? {} : { issuer }), ...(subject === null ? {} : { subject }) }
}

const columns = 'ref, salt, org_uid as "orgUid", uid, name, issuer, subject'

/** Identities behind pseudonyms, those that have not been erased. */
export async function findIdentities(tx: AuditTransaction, refs: readonly string[]): Promise<Identity[]> {
  const rows = await tx.rows<IdentityRow>(
    `select ${columns} from audit_identities where ref = any($1) and erased_at is null order by ref`,
    [refs],
  )
  return rows.map(toIdentity)
}

/** Identities of the scope after a pseudonym, in order. */
export async function listIdentities(
  tx: AuditTransaction,
  after: string,
  limit: number,
): Promise<Identity[]> {
  const rows = await tx.rows<IdentityRow>(
    `select ${columns} from audit_identities
     where ref > $1 and erased_at is null and ($3::text is null or org_uid = $3) order by ref limit $2`,
    [after, limit, orgOf(tx)],
  )
  return rows.map(toIdentity)
}

/** Every identity kept of a person in the scope: what a request for their data is answered with, beside their events. */
export async function identitiesOf(tx: AuditTransaction, uid: string): Promise<Identity[]> {
  const rows = await tx.rows<IdentityRow>(
    `select ${columns} from audit_identities
     where uid = $1 and ($2::text is null or org_uid = $2) and erased_at is null order by first_at, ref`,
    [uid, orgOf(tx)],
  )
  return rows.map(toIdentity)
}

/**
 * Erases who a person is from the scope's audit log: names, identifiers and the salts that bind them to their pseudonyms. Their events
 * stay, and every chain still verifies; nothing leads from an event to the person any more: their sessions end, and finished exports,
 * which hold names, are removed.
 * @returns how many pseudonyms no longer have an identity
 * @throws GatehouseError `conflict` while a legal hold is in force
 */
export async function eraseIdentity(tx: AuditTransaction, uid: string): Promise<number> {
  const rows = await tx.rows<{ erased: number }>('select audit_erase($1, $2) as erased', [uid, orgOf(tx)])
  return rows[0]?.erased ?? 0
}
