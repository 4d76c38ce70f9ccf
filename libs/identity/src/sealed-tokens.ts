import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { z } from 'zod'

/** What an identity provider gave with a sign-in. */
export interface IssuedTokens {
  /** To ask again with; undefined if it gave none. */
  readonly refreshToken: string | undefined
  /** The `id_token_hint` of signing out there. */
  readonly idToken: string | undefined
}

const sealedSchema = z.tuple([z.string().nullable(), z.string().nullable()])
const ivBytes = 12
const tagBytes = 16
/** Longer ones are left out: a row of the session table stays small. */
const maxSealed = 60_000

function keyOf(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'gatehouse session tokens', 32))
}

function sealText(secret: string, text: string): string {
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret), iv)
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url')
}

/**
 * Seals tokens under the secret of the session cookie (AES-256-GCM): who has the database has neither the secret, only its hash, nor
 * the tokens. An ID token that is too long is left out.
 */
export function sealTokens(secret: string, { refreshToken, idToken }: IssuedTokens): string {
  const sealed = sealText(secret, JSON.stringify([refreshToken ?? null, idToken ?? null]))
  return sealed.length <= maxSealed ? sealed : sealText(secret, JSON.stringify([refreshToken ?? null, null]))
}

/** The tokens; undefined if they were sealed under another secret or changed since. */
export function unsealTokens(secret: string, sealed: string): IssuedTokens | undefined {
  try {
    const bytes = Buffer.from(sealed, 'base64url')
    const decipher = createDecipheriv('aes-256-gcm', keyOf(secret), bytes.subarray(0, ivBytes), {
      authTagLength: tagBytes,
    })
    decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes))
    const body = Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()])
    const [refreshToken, idToken] = sealedSchema.parse(JSON.parse(body.toString('utf8')))
    return { refreshToken: refreshToken ?? undefined, idToken: idToken ?? undefined }
  } catch {
    return undefined
  }
}
