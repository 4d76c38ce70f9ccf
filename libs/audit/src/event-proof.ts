import { z } from 'zod'
import { type AuditRecord, eventDigest, nextLink } from './chain.ts'
import type { Finding } from './chain-verifier.ts'
import { isOrgProven } from './checkpoint.ts'
import { checkCheckpoint, type Trust } from './checkpoint-check.ts'
import { sealedSchema } from './manifest.ts'
import { keyRotationSchema, type PublicKey, trustedKeys } from './signing.ts'

/**
 * Proof of one event without any other: the digests of the events that follow it up to the next checkpoint, and that checkpoint. The
 * digests say nothing of those events.
 */
export const eventProofSchema = z.strictObject({
  record: z.strictObject({
    writer: z.string(),
    org: z.string().nullable(),
    seq: z.int().min(1),
    prev: z.string(),
    hash: z.string(),
    event: z.unknown(),
  }),
  following: z.array(z.string()),
  sealed: sealedSchema,
  rotations: z.array(keyRotationSchema),
})

/** Proof of one event. */
export type EventProof = z.output<typeof eventProofSchema>

/** The digest by which an event stands in its chain, for {@link EventProof.following}. */
export function followingDigests(records: readonly AuditRecord[], sha256: Trust['sha256']): string[] {
  return records.map(({ event }) => eventDigest(event, sha256))
}

/** Verifies a proof with nothing but trusted public keys; undefined if it holds. */
export function verifyEventProof(
  { record, following, sealed, rotations }: EventProof,
  publicKeys: readonly PublicKey[],
  { sha256, verify }: Pick<Trust, 'sha256' | 'verify'>,
): Finding | undefined {
  const { writer, org, seq, prev } = record
  const bad = (fault: Finding['fault'], message: string): Finding => ({ fault, message, writer, org, seq })
  let link = nextLink({ seq: seq - 1, hash: prev }, eventDigest(record.event, sha256), sha256)
  if (link.hash !== record.hash) return bad('edited', `event ${seq} is not the one that was hashed`)
  for (const digest of following) link = nextLink(link, digest, sha256)
  const { number } = sealed.checkpoint.statement
  // A head counts only as part of what the checkpoint's root proves; whatever else the file holds proves nothing.
  const [proof, ...others] = sealed.proofs
  const isProven = proof?.org === org && isOrgProven(sealed.checkpoint.statement, proof, sha256)
  if (!isProven || others.length > 0)
    return bad('checkpoint', `checkpoint ${number} does not have this chain`)
  const head = proof.heads.find((one) => one.writer === writer)
  if (head?.seq !== link.seq || head.hash !== link.hash)
    return bad('checkpoint', `event ${seq} does not lead to what checkpoint ${number} sealed`)
  return checkCheckpoint(sealed.checkpoint, {
    sha256,
    verify,
    keys: trustedKeys(publicKeys, rotations, verify),
  })
}
