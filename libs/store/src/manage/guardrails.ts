import type { OrgTransaction } from '../transaction.ts'

/** A guardrail as written. */
export interface WrittenGuardrail {
  readonly uid: string
  readonly selector: string
  readonly reason: string
}

/** Guardrails of the entered org as they were written. */
export async function listWrittenGuardrails(tx: OrgTransaction): Promise<readonly WrittenGuardrail[]> {
  return tx.rows<{ uid: string; selector: string; reason: string }>(
    'select uid, selector, reason from guardrails where org_uid = app_org() order by uid',
  )
}

/** Makes a guardrail. @throws GatehouseError `conflict` if the uid is taken or files declare the org's access. */
export async function createGuardrail(
  tx: OrgTransaction,
  { uid, selector, reason }: WrittenGuardrail,
): Promise<void> {
  await tx.rows('insert into guardrails (org_uid, uid, selector, reason) values (app_org(), $1, $2, $3)', [
    uid,
    selector,
    reason,
  ])
}

/** Changes a guardrail. @throws GatehouseError `conflict` if files declare the org's access. */
export async function updateGuardrail(
  tx: OrgTransaction,
  { uid, selector, reason }: WrittenGuardrail,
): Promise<void> {
  await tx.rows('update guardrails set selector = $2, reason = $3 where org_uid = app_org() and uid = $1', [
    uid,
    selector,
    reason,
  ])
}

/** Deletes a guardrail. @throws GatehouseError `conflict` if files declare the org's access. */
export async function deleteGuardrail(tx: OrgTransaction, uid: string): Promise<void> {
  await tx.rows('delete from guardrails where org_uid = app_org() and uid = $1', [uid])
}
