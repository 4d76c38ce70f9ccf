import { eventTime, type KeyRotation, rotateKey, type Signer } from '@gatehouse/audit'
import { GatehouseError } from '@gatehouse/errors'
import type { Pool } from '../pool.ts'
import { insertRotation, lastCheckpoint, listRotations } from './checkpoints.ts'
import { withAudit } from './scope.ts'

/**
 * Hands over from one signing key to the next: both sign that they do. The old key signs no checkpoint after this, and is worth
 * nothing to whoever finds it later.
 * @throws GatehouseError `conflict` if the old key did not sign the last checkpoint or was changed before, or the new one is not new
 */
export function rotateAuditKey(
  pool: Pool,
  from: Signer,
  to: Signer,
  now: number = Date.now(),
): Promise<KeyRotation> {
  return withAudit(pool, 'all', async (tx) => {
    await tx.rows(`select pg_advisory_xact_lock(hashtextextended('audit seal', 0))`)
    const last = await lastCheckpoint(tx)
    if (last !== undefined && last.statement.key !== from.id)
      throw new GatehouseError('conflict', `the last checkpoint was signed by key ${last.statement.key}`)
    const rotations = await listRotations(tx)
    const isUsed = ({ statement }: KeyRotation): boolean =>
      [statement.from.publicKey, statement.to.publicKey].includes(to.publicKey)
    if (to.publicKey === from.publicKey || rotations.some(isUsed))
      throw new GatehouseError('conflict', `key ${to.id} was in use before: make a new one`)
    if (rotations.some(({ statement }) => statement.from.publicKey === from.publicKey))
      throw new GatehouseError('conflict', `key ${from.id} was changed before`)
    const rotation = rotateKey(from, to, last?.statement.number ?? 0, eventTime(now))
    await insertRotation(tx, rotation)
    return rotation
  })
}
