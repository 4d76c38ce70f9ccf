import type { Pool } from '../pool.ts'
import { insertIdentities, insertLabelValues, insertNewEvents, makePartitions } from './insert.ts'
import { withAudit } from './scope.ts'
import type { Batch } from './segment-reader.ts'

/** Months made ahead of the present one, so that a month's first event finds its partition. */
const monthsAhead = 3

/** Makes this month's partitions and the next ones. */
export function makeCurrentPartitions(pool: Pool, now: Date): Promise<void> {
  return withAudit(pool, 'all', (tx) => makePartitions(tx, now.toISOString(), monthsAhead))
}

function isMissingPartition(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && cause.message.startsWith('no partition of relation')
}

const timeInLine = /"at":"(\d{4}-\d{2})-/

async function makeMissingPartitions(pool: Pool, { events }: Batch): Promise<void> {
  const months = new Set(events.flatMap((line) => timeInLine.exec(line)?.[1] ?? []))
  for (const month of months)
    await withAudit(pool, 'all', (tx) => makePartitions(tx, `${month}-01T00:00:00Z`, 0))
}

async function shipOnce(pool: Pool, writer: string, batch: Batch): Promise<number> {
  return withAudit(pool, 'all', async (tx) => {
    // The spool's copy goes once this is committed: a server that commits lazily could still lose it when it dies.
    await tx.rows(
      `select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off'`,
    )
    if (batch.identities.length > 0) await insertIdentities(tx, batch.identities)
    if (batch.values.length > 0) await insertLabelValues(tx, batch.values)
    return batch.events.length === 0 ? 0 : insertNewEvents(tx, writer, batch.events)
  })
}

/**
 * Sends lines of a spool to Postgres, all or none; what is there already stays as it is.
 * @returns how many events were new
 * @throws GatehouseError `unavailable` when Postgres is away
 */
export async function shipBatch(pool: Pool, writer: string, batch: Batch): Promise<number> {
  try {
    return await shipOnce(pool, writer, batch)
  } catch (error) {
    if (!isMissingPartition(error)) throw error
    await makeMissingPartitions(pool, batch)
    return shipOnce(pool, writer, batch)
  }
}
