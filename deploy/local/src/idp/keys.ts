import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'

const keysSchema = z.object({
  signing: z.looseObject({ kty: z.literal('RSA'), kid: z.string(), alg: z.literal('RS256') }),
  cookie: z.string().min(32),
})

/** Key that signs tokens (JWK, RS256) and the one that signs the identity provider's own cookies. */
export type IdpKeys = z.output<typeof keysSchema>

function generate(): IdpKeys {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const kid = randomBytes(8).toString('hex')
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }
  return keysSchema.parse({ signing: jwk, cookie: randomBytes(32).toString('base64url') })
}

/** Reads the keys from `file` (mode 0600), making them first when there is none: tokens survive a restart. */
export function loadKeys(file: string): IdpKeys {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, JSON.stringify(generate()), { mode: 0o600 })
  }
  return keysSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
}
