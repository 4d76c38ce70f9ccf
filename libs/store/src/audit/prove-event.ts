import { type EventProof, followingDigests, proveOrg } from '@gatehouse/audit'
import type { Pool } from '../pool.ts'
import { headsAt, listCheckpoints, listRotations, sealsOfChain } from './checkpoints.ts'
import { readChain } from './records.ts'
import { type AuditScope, withAudit } from './scope.ts'
import { findEvent } from './search.ts'
import { sha256 } from './sha256.ts'

/**
 * Proof that an event of the scope is what was sealed; undefined if there is no such event, or no checkpoint has sealed it yet.
 * @throws GatehouseError `unavailable` when Postgres is away
 */
export async function proveEvent(pool: Pool, scope: AuditScope, id: string): Promise<EventProof | undefined> {
  const found = await withAudit(pool, scope, (tx) => findEvent(tx, id))
  if (found === undefined) return undefined
  const { writer, org, seq, prev, hash, event } = found.event
  // The checkpoint spans all orgs; what leaves here of others is a hash.
  return withAudit(pool, 'all', async (tx) => {
    const [seal] = await sealsOfChain(tx, { writer, org }, seq - 1)
    if (seal === undefined) return undefined
    const range = { after: seq, upTo: seal.seq, limit: seal.seq - seq }
    const following = range.limit === 0 ? [] : await readChain(tx, { writer, org }, range)
    const [checkpoint] = await listCheckpoints(tx, seal.checkpoint - 1, 1)
    const proof = proveOrg(await headsAt(tx, seal.checkpoint), org, sha256)
    if (checkpoint === undefined || proof === undefined) return undefined
    return {
      record: { writer, org, seq, prev, hash, event },
      following: followingDigests(following, sha256),
      sealed: { checkpoint, proofs: [{ org, heads: [...proof.heads], steps: [...proof.steps] }] },
      rotations: await listRotations(tx),
    }
  })
}
