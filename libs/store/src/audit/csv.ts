import { csvHeader, csvRow } from '@gatehouse/audit'
import type { Pool } from '../pool.ts'
import type { ExportOptions, ExportRequest } from './export.ts'
import { withAudit } from './scope.ts'
import { searchEvents } from './search.ts'

const page = 1_000

/** Exports matching events as CSV, oldest first: a view to work with, not evidence. Returns how many events it has. */
export async function exportCsv(
  pool: Pool,
  { scope, filter }: ExportRequest,
  { write, onProgress }: Pick<ExportOptions, 'write' | 'onProgress'>,
): Promise<number> {
  await write(csvHeader)
  let events = 0
  let cursor: string | undefined
  do {
    const from = cursor
    const found = await withAudit(pool, scope, (tx) =>
      searchEvents(tx, filter, { limit: page, first: 'oldest', cursor: from }),
    )
    await write(found.events.map(csvRow).join(''))
    events += found.events.length
    cursor = found.next
    await onProgress?.(events, undefined)
  } while (cursor !== undefined)
  return events
}
