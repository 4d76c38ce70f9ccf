import { whoCan } from '@gatehouse/authz'
import { requireAdministrator } from '../administrators.ts'
import { readSnapshot } from '../snapshot.ts'
import type { OrgTransaction } from '../transaction.ts'

/**
 * Runs a change that may take somebody's access away, and refuses it if the org had an administrator before and would have none after.
 * @param now ms since the epoch.
 * @throws GatehouseError `conflict`, or what `work` throws.
 */
export async function keepingAdministrator<T>(
  tx: OrgTransaction,
  now: number,
  work: () => Promise<T>,
): Promise<T> {
  const { policy } = await readSnapshot(tx)
  const resource = { kind: 'org', uid: tx.orgUid, orgUid: tx.orgUid } as const
  const before = whoCan(policy, { action: 'grants:create', resource, now })
  const result = await work()
  if (before.some(({ kind, until }) => kind === 'user' && until === undefined))
    await requireAdministrator(tx, now)
  return result
}
