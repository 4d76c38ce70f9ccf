import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { hashSecret } from './secret.ts'

/** Starts every service-account token, so that secret scanners recognise one. */
export const serviceAccountTokenPrefix = 'gatehouse_sa_'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const secretLength = 43
const checksumLength = 6
const format = new RegExp(
  `^${serviceAccountTokenPrefix}[0-9A-Za-z]{${secretLength}}[0-9A-Za-z]{${checksumLength}}$`,
)

function base62(value: bigint, length: number): string {
  let rest = value
  let text = ''
  for (let i = 0; i < length; i++) {
    text = (alphabet[Number(rest % 62n)] ?? '') + text
    rest /= 62n
  }
  return text
}

function checksum(body: string): string {
  return base62(BigInt(crc32(body)), checksumLength)
}

/**
 * A new token: prefix, 256 random bits and a CRC-32, the last two in base 62. Shown once; only {@link hashSecret} of it is kept.
 * @param bytes 32 random bytes; given only by tests.
 */
export function newServiceAccountToken(bytes: Uint8Array = randomBytes(32)): string {
  const value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
  const body = serviceAccountTokenPrefix + base62(value, secretLength)
  return body + checksum(body)
}

/** The token's hash for the lookup, or undefined when prefix, length, alphabet or checksum are wrong: then no lookup is worth making. */
export function hashServiceAccountToken(token: string): string | undefined {
  if (!format.test(token)) return undefined
  const body = token.slice(0, -checksumLength)
  return token.slice(-checksumLength) === checksum(body) ? hashSecret(token) : undefined
}
