import { z } from 'zod'
import { statementParts } from './signing.ts'

const { hex, time } = statementParts

/** A stretch of a chain that was purged: what stood before it and its last hash, so that the chain still closes. */
const runSchema = z.strictObject({
  writer: z.string(),
  fromSeq: z.int().min(1),
  prev: hex,
  toSeq: z.int().min(1),
  hash: hex,
})

/** What remains of an org's events when a month of a class is purged. */
export const tombstoneSchema = z.strictObject({
  statement: z.strictObject({
    schema: z.literal(1),
    kind: z.literal('gatehouse-audit-tombstone'),
    at: time,
    /** Which month (UTC) and retention class was purged. */
    month: z.string().regex(/^\d{4}-\d{2}$/),
    class: z.string(),
    org: z.string().nullable(),
    events: z.int().min(1),
    reason: z.string(),
    /** The last checkpoint before: it had sealed all of these events. */
    checkpoint: z.int().min(1),
    runs: z.array(runSchema),
    key: z.string(),
  }),
  signature: z.string(),
})

/** A signed tombstone. */
export type Tombstone = z.output<typeof tombstoneSchema>
export type TombstoneRun = z.output<typeof runSchema>
