import { readFileSync } from 'node:fs'
import {
  type EventProof,
  eventProofSchema,
  type Finding,
  type PublicKey,
  verifyEventProof,
} from '@gatehouse/audit'
import { verifySignature } from './keys.ts'
import { sha256 } from './sha256.ts'

/** What a proof says, and what is wrong with it. */
export interface ProofReport {
  readonly proof: EventProof
  /** Undefined if it holds. */
  readonly finding: Finding | undefined
}

/**
 * Verifies the proof of one event with nothing but its file and a public key; no database, no network.
 * @throws Error if the file cannot be read, or is no proof
 */
export function verifyProofFile(file: string, publicKeys: readonly PublicKey[]): ProofReport {
  const parsed = eventProofSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')))
  if (!parsed.success) throw new Error(`${file} is not the proof of an event`)
  const proof = parsed.data
  return { proof, finding: verifyEventProof(proof, publicKeys, { sha256, verify: verifySignature }) }
}
