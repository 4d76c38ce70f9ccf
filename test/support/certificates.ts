import { generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'

// Certificates written as DER by hand (RFC 5280), so that tests need no tool for them.

/** A certificate with its key, PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** A certificate authority of a test. */
export interface Authority extends Certificate {
  /** Issues a certificate for hosts or IP addresses. */
  issue(names: readonly string[], validity?: { readonly from: Date; readonly until: Date }): Certificate
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const { length } = body
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), body])
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts)
const oid = (...bytes: readonly number[]): Buffer => der(0x06, Buffer.from(bytes))
const text = (value: string): Buffer => der(0x0c, Buffer.from(value))

/** ecdsa-with-SHA256 */
const algorithm = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02))

const named = (name: string): Buffer => sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), text(name))))

function time(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]|\..*$/g, '')
  return der(0x18, Buffer.from(`${digits}Z`))
}

function extension(last: number, value: Buffer): Buffer {
  return sequence(oid(0x55, 0x1d, last), der(0x04, value))
}

function alternativeNames(names: readonly string[]): Buffer {
  return sequence(
    ...names.map((name) =>
      isIP(name) === 4 ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name)),
    ),
  )
}

interface Contents {
  readonly issuer: string
  readonly subject: string
  readonly publicKey: KeyObject
  readonly from: Date
  readonly until: Date
  readonly extensions: Buffer
}

function signed({ issuer, subject, publicKey, from, until, extensions }: Contents, by: KeyObject): string {
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(8)])
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    named(issuer),
    sequence(time(from), time(until)),
    named(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(extensions)),
  )
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, by))
  return new X509Certificate(sequence(body, algorithm, signature)).toString()
}

function keyPair() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { publicKey, privateKey, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
}

const day = 86_400_000

/** Creates an authority that is valid from yesterday until tomorrow. */
export function createAuthority(name = 'Test authority'): Authority {
  const usual = { from: new Date(Date.now() - day), until: new Date(Date.now() + day) }
  const { publicKey, privateKey, key } = keyPair()
  const isAuthority = extension(0x13, sequence(der(0x01, Buffer.from([0xff]))))
  const cert = signed(
    { issuer: name, subject: name, publicKey, ...usual, extensions: isAuthority },
    privateKey,
  )
  return {
    cert,
    key,
    issue(names, validity = usual) {
      const own = keyPair()
      const extensions = extension(0x11, alternativeNames(names))
      const subject = names[0] ?? 'nobody'
      const contents = { issuer: name, subject, publicKey: own.publicKey, ...validity, extensions }
      return { cert: signed(contents, privateKey), key: own.key }
    },
  }
}
