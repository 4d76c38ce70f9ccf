import type { OrgTransaction } from '../transaction.ts'

/**
 * Waits until no other transaction changes this resource, until the end of this one. Whoever compares what is there with what a caller
 * saw takes it first, or two changes based on the same state would both pass.
 */
export async function lockForChange(tx: OrgTransaction, kind: string, uid: string): Promise<void> {
  await tx.rows('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `change ${tx.orgUid} ${kind} ${uid}`,
  ])
}
