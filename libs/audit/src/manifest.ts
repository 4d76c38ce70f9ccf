import { z } from 'zod'
import { checkpointSchema } from './checkpoint.ts'
import { keyRotationSchema, statementParts } from './signing.ts'
import { tombstoneSchema } from './tombstone.ts'

const { hex, time } = statementParts
const head = { seq: z.int().min(0), hash: hex }
const chainHead = z.strictObject({ writer: z.string(), org: z.string().nullable(), ...head })

/** A checkpoint with the proofs of the chains of some orgs. */
export const sealedSchema = z.strictObject({
  checkpoint: checkpointSchema,
  proofs: z.array(
    z.strictObject({
      org: z.string().nullable(),
      heads: z.array(chainHead),
      steps: z.array(z.strictObject({ side: z.enum(['left', 'right']), hash: hex })),
    }),
  ),
})

/** A checkpoint with the proofs of the exported orgs' chains. */
export type Sealed = z.output<typeof sealedSchema>

/**
 * Goes with an export and proves it: signed range, count and hashes; the checkpoints it stands between; the tombstones and key
 * changes needed to follow them. All that a verifier needs beside it is one public key.
 */
export const manifestSchema = z.strictObject({
  statement: z.strictObject({
    schema: z.literal(1),
    kind: z.literal('gatehouse-audit-export'),
    at: time,
    /** Whose events: one org's, or all. */
    scope: z.union([z.strictObject({ org: z.string() }), z.literal('all')]),
    from: time.nullable(),
    to: time.nullable(),
    /** Set if the export holds only events that match it; then nothing can be said about what is left out. */
    filter: z.record(z.string(), z.unknown()).nullable(),
    /** Numbers of the checkpoints that the events lie between; 0: from the beginning. */
    after: z.int().min(0),
    upTo: z.int().min(1),
    events: z.int().min(0),
    firstHash: hex.nullable(),
    lastHash: hex.nullable(),
    /** Of the NDJSON file. */
    bytes: z.int().min(0),
    sha256: hex,
    key: z.string(),
  }),
  signature: z.string(),
  /** Null if the export begins at the beginning. */
  start: sealedSchema.nullable(),
  /** In rising order, the last one ends the export. */
  seals: z.array(sealedSchema).min(1),
  tombstones: z.array(tombstoneSchema),
  rotations: z.array(keyRotationSchema),
})

/** An export's manifest. */
export type Manifest = z.output<typeof manifestSchema>
