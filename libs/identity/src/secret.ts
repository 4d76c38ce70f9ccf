import { hash, randomBytes, timingSafeEqual } from 'node:crypto'

/** A new opaque secret of 256 random bits, base64url. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** SHA-256, lower-case hex: how tokens and session ids are stored. Enough for secrets of 256 random bits; never for passwords. */
export function hashSecret(secret: string): string {
  return hash('sha256', secret)
}

/** Compares two hashes in constant time. */
export function isSameHash(a: string, b: string): boolean {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}
