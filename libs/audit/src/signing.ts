import { z } from 'zod'
import { canonicalJson } from './canonical.ts'

/** Checks an Ed25519 signature (base64) over a text's UTF-8 bytes. Injected: this library does no cryptography. */
export type VerifySignature = (publicKey: string, text: string, signature: string) => boolean

/** A public key: base64 of its SPKI DER form, and the first 16 hex digits of that form's SHA-256. */
export interface PublicKey {
  readonly id: string
  readonly publicKey: string
}

/** Signs with one private key. */
export interface Signer extends PublicKey {
  sign(text: string): string
}

/** A statement with its signature: over the canonical JSON of the statement. */
export interface Signed<T> {
  readonly statement: T
  readonly signature: string
}

/** Signs the canonical JSON of a statement. */
export function signStatement<T>(statement: T, signer: Signer): Signed<T> {
  return { statement, signature: signer.sign(canonicalJson(statement)) }
}

const hex = z.string().regex(/^[0-9a-f]{64}$/)
const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)

/** Says that the signing key changes: signed by both keys, so that trust in either leads to the other. */
export const keyRotationSchema = z.strictObject({
  statement: z.strictObject({
    schema: z.literal(1),
    kind: z.literal('gatehouse-audit-key-rotation'),
    /** The old key's last checkpoint. */
    number: z.int().min(0),
    at: time,
    from: z.strictObject({ id: z.string(), publicKey: z.string() }),
    to: z.strictObject({ id: z.string(), publicKey: z.string() }),
  }),
  fromSignature: z.string(),
  toSignature: z.string(),
})

/** A change of the signing key. */
export type KeyRotation = z.output<typeof keyRotationSchema>

/** Signs a change of key with both. */
export function rotateKey(from: Signer, to: Signer, number: number, at: string): KeyRotation {
  const { id, publicKey } = from
  const statement = {
    schema: 1,
    kind: 'gatehouse-audit-key-rotation',
    number,
    at,
    from: { id, publicKey },
    to: { id: to.id, publicKey: to.publicKey },
  } as const
  const text = canonicalJson(statement)
  return { statement, fromSignature: from.sign(text), toSignature: to.sign(text) }
}

/** A trusted key and the checkpoints it may sign: those after `after`, up to `upTo`. */
export interface TrustedKey extends PublicKey {
  readonly after: number
  readonly upTo: number
}

/**
 * The keys that trust in `given` leads to, by rotations signed on both sides. A rotation that is not soundly signed leads
 * nowhere, and neither do two of one key, so what they would vouch for is reported as signed by an unknown key. The order of
 * `rotations` means nothing: they may come from a thief.
 */
export function trustedKeys(
  given: readonly PublicKey[],
  rotations: readonly KeyRotation[],
  verify: VerifySignature,
): ReadonlyMap<string, TrustedKey> {
  const sound = rotations.filter(({ statement, fromSignature, toSignature }) => {
    const text = canonicalJson(statement)
    return (
      verify(statement.from.publicKey, text, fromSignature) &&
      verify(statement.to.publicKey, text, toSignature)
    )
  })
  const keys = new Map<string, TrustedKey>()
  const into = (key: PublicKey) => sound.filter(({ statement }) => statement.to.publicKey === key.publicKey)
  const from = (key: PublicKey) => sound.filter(({ statement }) => statement.from.publicKey === key.publicKey)
  const limit = (key: PublicKey, after: number, upTo: number): void => {
    const known = keys.get(key.id)
    keys.set(key.id, {
      ...key,
      after: Math.max(after, known?.after ?? -1),
      upTo: Math.min(upTo, known?.upTo ?? Number.POSITIVE_INFINITY),
    })
  }
  // Back from a key, only the change that it signed itself says when the key before ended: a thief of that one can sign others.
  const goBack = (key: PublicKey, upTo: number, seen: ReadonlySet<string>): void => {
    const changes = into(key)
    limit(key, Math.max(-1, ...changes.map(({ statement }) => statement.number)), upTo)
    const [change, ...others] = changes
    if (change === undefined || others.length > 0 || seen.has(key.id)) return
    goBack(change.statement.from, change.statement.number, new Set([...seen, key.id]))
  }
  // Forward, a key that was changed twice was stolen, and nothing tells which change was meant: neither is followed.
  const goForward = (key: PublicKey, after: number, seen: ReadonlySet<string>): void => {
    const changes = from(key)
    limit(key, after, Math.min(Number.POSITIVE_INFINITY, ...changes.map(({ statement }) => statement.number)))
    const [change, ...others] = changes
    if (change === undefined || others.length > 0 || seen.has(key.id)) return
    goForward(change.statement.to, change.statement.number, new Set([...seen, key.id]))
  }
  for (const key of given) {
    goBack(key, Number.POSITIVE_INFINITY, new Set())
    goForward(key, -1, new Set())
  }
  return keys
}

/** Shared parts of signed statements. */
export const statementParts = { hex, time }
