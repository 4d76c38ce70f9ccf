import { canonicalJson, type Sha256 } from './canonical.ts'
import type { Finding } from './chain-verifier.ts'
import { type Checkpoint, type CheckpointStatement, checkpointHash } from './checkpoint.ts'
import type { TrustedKey, VerifySignature } from './signing.ts'

/** What signatures are checked against. */
export interface Trust {
  readonly sha256: Sha256
  readonly verify: VerifySignature
  readonly keys: ReadonlyMap<string, TrustedKey>
}

/** Checks a signature by a trusted key at a time when that key was in use. */
export function checkSignature(
  signed: { readonly statement: { readonly key: string }; readonly signature: string },
  number: number,
  { keys, verify }: Trust,
): string | undefined {
  const key = keys.get(signed.statement.key)
  if (key === undefined) return `is signed by the unknown key ${signed.statement.key}`
  if (number <= key.after || number > key.upTo)
    return `is signed by key ${key.id}, which was not in use at checkpoint ${number}`
  if (!verify(key.publicKey, canonicalJson(signed.statement), signed.signature))
    return `does not have the signature of key ${key.id}`
  return undefined
}

/** Checks one checkpoint by itself. */
export function checkCheckpoint({ statement, signature }: Checkpoint, trust: Trust): Finding | undefined {
  const problem = checkSignature({ statement, signature }, statement.number, trust)
  if (problem === undefined) return undefined
  return { fault: 'signature', message: `checkpoint ${statement.number} ${problem}` }
}

/** Checks that a checkpoint follows `previous` (undefined: that it is the first). */
export function checkSuccession(
  previous: CheckpointStatement | undefined,
  { statement }: Checkpoint,
  { sha256 }: Trust,
): Finding | undefined {
  const expected = (previous?.number ?? 0) + 1
  const finding = (message: string): Finding => ({ fault: 'checkpoint', message })
  if (statement.number !== expected)
    return finding(`checkpoint ${expected} is missing: ${statement.number} is next`)
  if (statement.prev !== checkpointHash(previous, sha256))
    return finding(`checkpoint ${statement.number} does not continue checkpoint ${expected - 1}`)
  if (previous !== undefined && statement.at < previous.at)
    return finding(`checkpoint ${statement.number} is older than the one before`)
  return undefined
}

/**
 * Compares the checkpoints of a log with copies that were kept elsewhere. A log that was rolled back is sound in itself:
 * only this comparison shows it.
 */
export function checkAnchors(
  anchored: readonly Checkpoint[],
  find: (number: number) => Checkpoint | undefined,
  trust: Trust,
): Finding | undefined {
  for (const copy of anchored) {
    const { number } = copy.statement
    const broken = checkCheckpoint(copy, trust)
    if (broken !== undefined) return { fault: 'anchor', message: `anchored ${broken.message}` }
    const own = find(number)
    if (own === undefined)
      return {
        fault: 'anchor',
        message: `checkpoint ${number} was anchored and is missing: the log was rolled back`,
      }
    if (canonicalJson(own.statement) !== canonicalJson(copy.statement))
      return { fault: 'anchor', message: `checkpoint ${number} is not the one that was anchored` }
  }
  return undefined
}
