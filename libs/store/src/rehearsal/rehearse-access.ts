import { type AccessDocument, rehearse, type Rehearsal, type RehearsedState } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { applyAccessIn } from '../apply/apply-access.ts'
import { findOrg } from '../orgs.ts'
import type { Pool } from '../pool.ts'
import { readSnapshot } from '../snapshot.ts'
import { enterOrg, type Transaction, withTransaction } from '../transaction.ts'
import { type Period, type Progress, readAuditedUses } from './audited-uses.ts'

/** What a document would have done to the requests of one org. */
export interface RehearsedOrg {
  readonly orgUid: string
  readonly rehearsal: Rehearsal
}

class RolledBack extends Error {}

type States = ReadonlyMap<string, RehearsedState>

async function readStates(tx: Transaction, document: AccessDocument): Promise<States> {
  const states = new Map<string, RehearsedState>()
  for (const { uid } of document.orgs) {
    const entered = await enterOrg(tx, uid)
    if ((await findOrg(entered)) !== undefined) states.set(uid, await readSnapshot(entered))
  }
  return states
}

/** The orgs of a document as they are and as it would make them: it is applied in a transaction that is rolled back. */
async function proposedStates(
  pool: Pool,
  document: AccessDocument,
): Promise<{ before: States; after: States }> {
  let found: { before: States; after: States } | undefined
  const dryRun = withTransaction(pool, async (tx) => {
    const before = await readStates(tx, document)
    // Nothing is taken over: it is only asked what would be.
    await applyAccessIn(tx, document, { adopt: true })
    found = { before, after: await readStates(tx, document) }
    throw new RolledBack()
  })
  await dryRun.catch((error: unknown) => {
    if (!(error instanceof Error && error.cause instanceof RolledBack)) throw error
  })
  if (found === undefined) throw new GatehouseError('internal', 'a rehearsal ended without a result')
  return found
}

/**
 * Rehearses an access document on the audited requests of a period: exactly what applying it would have changed for each. Orgs that are
 * not there yet have no past and are left out.
 * @param onProgress Told of each org from its beginning to its end, some 20,000 events apart.
 * @param period.now The moment at which grants count as begun or ended; ms since the epoch.
 * @throws GatehouseError as `applyAccess`.
 */
export async function rehearseAccess(
  pool: Pool,
  document: AccessDocument,
  period: Period & { readonly now: number },
  onProgress?: (progress: Progress) => Promise<void>,
): Promise<readonly RehearsedOrg[]> {
  const { before, after } = await proposedStates(pool, document)
  const rehearsed: RehearsedOrg[] = []
  for (const [orgUid, current] of before) {
    const proposed = after.get(orgUid)
    if (proposed === undefined) continue
    const uses = await readAuditedUses(pool, orgUid, period, onProgress)
    rehearsed.push({ orgUid, rehearsal: rehearse(current, proposed, uses, period.now) })
  }
  return rehearsed
}
