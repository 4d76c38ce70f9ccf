import { isDeepStrictEqual } from 'node:util'
import {
  type AccessDifference,
  type AccessDocument,
  diffAccess,
  whoCan,
  type WhoEntry,
} from '@gatehouse/authz'
import { findOrg } from '../orgs.ts'
import type { Pool } from '../pool.ts'
import { type OrgSnapshot, readSnapshot } from '../snapshot.ts'
import { enterOrg, type Transaction, withTransaction } from '../transaction.ts'
import { type AccessChange, type ApplyOptions, applyAccessIn } from './apply-access.ts'

/** What applying a document would do. */
export interface AccessPlan {
  /** Row by row. */
  readonly changes: readonly AccessChange[]
  /** What it does to people, service accounts and teams, by org; orgs it does nothing to are left out. */
  readonly orgs: readonly OrgPlan[]
}

/** What applying a document would do in one org. */
export interface OrgPlan {
  readonly orgUid: string
  readonly differences: readonly AccessDifference[]
  readonly dataSources: readonly ChangedDataSource[]
}

/** A data source that is answered by other servers, or otherwise than before. */
export interface ChangedDataSource {
  readonly uid: string
  readonly name: string
  /** Who queries it, by grants. */
  readonly askedBy: readonly Pick<WhoEntry, 'kind' | 'uid' | 'name'>[]
}

class RolledBack extends Error {}

async function readSnapshots(
  tx: Transaction,
  document: AccessDocument,
): Promise<ReadonlyMap<string, OrgSnapshot>> {
  const snapshots = new Map<string, OrgSnapshot>()
  for (const { uid } of document.orgs) {
    const entered = await enterOrg(tx, uid)
    if ((await findOrg(entered)) !== undefined) snapshots.set(uid, await readSnapshot(entered))
  }
  return snapshots
}

/** Data sources that stay and are not what they were. Those that come or go are seen in what people gain and lose. */
function changedDataSources(
  before: OrgSnapshot | undefined,
  after: OrgSnapshot | undefined,
  now: number,
): readonly ChangedDataSource[] {
  if (before === undefined || after === undefined) return []
  const { policy } = after
  return policy.dataSources.flatMap(({ uid, name }) => {
    const was = before.dataSources.get(uid)
    if (was === undefined || isDeepStrictEqual(was, after.dataSources.get(uid))) return []
    const resource = { kind: 'data-source', uid, orgUid: policy.orgUid } as const
    const asked = whoCan(policy, { action: 'datasources:query', resource, now })
    return [{ uid, name, askedBy: asked.map((who) => ({ kind: who.kind, uid: who.uid, name: who.name })) }]
  })
}

async function planIn(
  tx: Transaction,
  document: AccessDocument,
  options: ApplyOptions & { readonly now: number },
): Promise<AccessPlan> {
  const { now } = options
  const before = await readSnapshots(tx, document)
  const changes = await applyAccessIn(tx, document, options)
  const after = await readSnapshots(tx, document)
  const orgs = document.orgs.map(({ uid }): OrgPlan => {
    const [was, is] = [before.get(uid), after.get(uid)]
    const differences = diffAccess(was?.policy, is?.policy, now)
    return { orgUid: uid, differences, dataSources: changedDataSources(was, is, now) }
  })
  const touched = orgs.filter(({ differences, dataSources }) => differences.length + dataSources.length > 0)
  return { changes, orgs: touched }
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
