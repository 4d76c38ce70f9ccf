import { whoCan } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { readSnapshot } from './snapshot.ts'
import type { OrgTransaction } from './transaction.ts'

/**
 * Refuses to end the transaction in an org that nobody could administer any more: some person must be able to grant roles in it for
 * good. To be called after the change: the change's rise of the policy version locks the org, so two such changes follow one another
 * and the second sees the first.
 * @param now ms since the epoch.
 * @throws GatehouseError `conflict`.
 */
export async function requireAdministrator(tx: OrgTransaction, now: number): Promise<void> {
  const { policy } = await readSnapshot(tx)
  const resource = { kind: 'org', uid: tx.orgUid, orgUid: tx.orgUid } as const
  const administrators = whoCan(policy, { action: 'grants:create', resource, now })
  if (!administrators.some(({ kind, until }) => kind === 'user' && until === undefined))
    throw new GatehouseError('conflict', 'this would leave the org without an administrator')
}
