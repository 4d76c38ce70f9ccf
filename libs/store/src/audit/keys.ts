import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import type { PublicKey, Signer } from '@gatehouse/audit'

function describeKey(key: KeyObject): PublicKey {
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('not an Ed25519 key')
  const spki = key.export({ type: 'spki', format: 'der' })
  return {
    id: createHash('sha256').update(spki).digest('hex').slice(0, 16),
    publicKey: spki.toString('base64'),
  }
}

/** A new signing key: PEM of its private (PKCS #8) and public (SPKI) half. */
export function generateSigningKey(): { readonly privatePem: string; readonly publicPem: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  return { privatePem: privateKey, publicPem: publicKey }
}

/**
 * A signer from the PEM of an Ed25519 private key. The key belongs outside the database it seals.
 * @throws Error if it is not one
 */
export function loadSigner(privatePem: string): Signer {
  const key = createPrivateKey(privatePem)
  return {
    ...describeKey(createPublicKey(key)),
    sign: (text) => sign(null, Buffer.from(text), key).toString('base64'),
  }
}

/**
 * A public key from PEM, or from the base64 of its SPKI form.
 * @throws Error if it is not an Ed25519 key
 */
export function loadPublicKey(text: string): PublicKey {
  const pem = text.includes('-----BEGIN')
  return describeKey(
    createPublicKey(pem ? text : { key: Buffer.from(text.trim(), 'base64'), format: 'der', type: 'spki' }),
  )
}

/** Checks an Ed25519 signature; false also for what is no key or no signature. */
export function verifySignature(publicKey: string, text: string, signature: string): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' })
    return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'))
  } catch {
    return false
  }
}
