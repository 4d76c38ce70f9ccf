import { isDeepStrictEqual } from 'node:util'
import {
  type AccessDifference,
  type AccessDocument,
  createCapabilities,
  diffAccess,
  diffGroups,
  diffLater,
  type LaterDifference,
  whoCan,
  type WhoEntry,
  whoThroughDashboards,
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
  /** What else it does to them when grants begin or end. */
  readonly later: readonly LaterDifference[]
  /** IdP groups that other teams take than before. */
  readonly groups: readonly AccessDifference<'group'>[]
  /** Identity providers whose people the org takes, if that changes; undefined: all. */
  readonly issuers: { readonly before: Issuers; readonly after: Issuers } | undefined
  readonly dataSources: readonly ChangedDataSource[]
}

/** A data source that is answered by other servers, or otherwise than before. */
export interface ChangedDataSource {
  readonly uid: string
  readonly name: string
  /** Who queries it, by grants or by dashboards alone. */
  readonly askedBy: readonly Pick<WhoEntry, 'kind' | 'uid' | 'name'>[]
}

type Issuers = readonly string[] | undefined

const capabilityOf = createCapabilities()

class RolledBack extends Error {}

/** What a plan compares of an org. */
interface State extends OrgSnapshot {
  readonly issuers: Issuers
}

async function readSnapshots(tx: Transaction, document: AccessDocument): Promise<ReadonlyMap<string, State>> {
  const snapshots = new Map<string, State>()
  for (const { uid } of document.orgs) {
    const entered = await enterOrg(tx, uid)
    const org = await findOrg(entered)
    if (org !== undefined) snapshots.set(uid, { ...(await readSnapshot(entered)), issuers: org.issuers })
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
    const question = { action: 'datasources:query', resource, now } as const
    const given = { dashboards: after.dashboards, capabilityOf }
    const asked = [...whoCan(policy, question), ...whoThroughDashboards(policy, question, given)]
    return [{ uid, name, askedBy: asked.map((who) => ({ kind: who.kind, uid: who.uid, name: who.name })) }]
  })
}

/** Of a new org, there is nobody to lose anything. */
function changedIssuers(before: State | undefined, after: State | undefined): OrgPlan['issuers'] {
  if (before === undefined || isDeepStrictEqual(before.issuers, after?.issuers)) return undefined
  return { before: before.issuers, after: after?.issuers }
}

interface Applied {
  readonly before: ReadonlyMap<string, State>
  readonly changes: readonly AccessChange[]
  readonly after: ReadonlyMap<string, State>
}

function planOf(document: AccessDocument, { before, changes, after }: Applied, now: number): AccessPlan {
  const orgs = document.orgs.map(({ uid }): OrgPlan => {
    const [was, is] = [before.get(uid), after.get(uid)]
    return {
      orgUid: uid,
      differences: diffAccess(was, is, now),
      later: diffLater(was, is, now),
      groups: diffGroups(was, is, now),
      issuers: changedIssuers(was, is),
      dataSources: changedDataSources(was, is, now),
    }
  })
  const touched = orgs.filter(
    ({ differences, later, groups, issuers, dataSources }) =>
      differences.length + later.length + groups.length + dataSources.length > 0 || issuers !== undefined,
  )
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
  let applied: Applied | undefined
  const dryRun = withTransaction(pool, async (tx) => {
    const before = await readSnapshots(tx, document)
    const changes = await applyAccessIn(tx, document, options)
    applied = { before, changes, after: await readSnapshots(tx, document) }
    throw new RolledBack()
  })
  await dryRun.catch((error: unknown) => {
    const isMeant = error instanceof Error && error.cause instanceof RolledBack
    if (!isMeant) throw error
  })
  if (applied === undefined) throw new Error('a plan ended without a result')
  // Who writes to these orgs need not wait for the comparing.
  return planOf(document, applied, options.now)
}
