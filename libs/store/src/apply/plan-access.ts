import { type AccessDifference, type AccessDocument, diffAccess, type OrgPolicy } from '@gatehouse/authz'
import { findOrg } from '../orgs.ts'
import type { Pool } from '../pool.ts'
import { readSnapshot } from '../snapshot.ts'
import { enterOrg, type Transaction, withTransaction } from '../transaction.ts'
import { type AccessChange, type ApplyOptions, applyAccessIn } from './apply-access.ts'

/** What applying a document would do. */
export interface AccessPlan {
  /** Row by row. */
  readonly changes: readonly AccessChange[]
  /** What it does to people, service accounts and teams, by org. */
  readonly orgs: readonly { readonly orgUid: string; readonly differences: readonly AccessDifference[] }[]
}

class RolledBack extends Error {}

async function readPolicies(
  tx: Transaction,
  document: AccessDocument,
): Promise<ReadonlyMap<string, OrgPolicy>> {
  const policies = new Map<string, OrgPolicy>()
  for (const { uid } of document.orgs) {
    const entered = await enterOrg(tx, uid)
    if ((await findOrg(entered)) !== undefined) policies.set(uid, (await readSnapshot(entered)).policy)
  }
  return policies
}

async function planIn(
  tx: Transaction,
  document: AccessDocument,
  options: ApplyOptions & { readonly now: number },
): Promise<AccessPlan> {
  const before = await readPolicies(tx, document)
  const changes = await applyAccessIn(tx, document, options)
  const after = await readPolicies(tx, document)
  const orgs = document.orgs.map(({ uid }) => ({
    orgUid: uid,
    differences: diffAccess(before.get(uid), after.get(uid), options.now),
  }))
  return { changes, orgs: orgs.filter(({ differences }) => differences.length > 0) }
}

/**
 * What {@link applyAccess} would do, exactly: it is done in a transaction that is then rolled back.
 * @param options.now The moment at which access is compared; ms since the epoch.
 * @throws GatehouseError as `applyAccess`.
 */
export async function planAccess(
  pool: Pool,
  document: AccessDocument,
  options: ApplyOptions & { readonly now: number },
): Promise<AccessPlan> {
  let plan: AccessPlan | undefined
  const dryRun = withTransaction(pool, async (tx) => {
    plan = await planIn(tx, document, options)
    throw new RolledBack()
  })
  await dryRun.catch((error: unknown) => {
    const isMeant = error instanceof Error && error.cause instanceof RolledBack
    if (!isMeant) throw error
  })
  if (plan === undefined) throw new Error('a plan ended without a result')
  return plan
}
