import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { newServiceAccountToken } from '@gatehouse/identity'
import { z } from 'zod'
import { demoPeople, demoTokens } from './people.ts'

const schema = z.object({
  /** When the demo was first started, Unix seconds; recent changes in its metrics are placed relative to it. */
  origin: z.int(),
  /** Password of the application's database login. */
  database: z.string(),
  clientSecret: z.string(),
  machineSecret: z.string(),
  /** Signs what data owners are told. */
  notices: z.string(),
  /** By sign-in name. */
  passwords: z.record(z.string(), z.string()),
  /** By token name. The database has only their hashes. */
  tokens: z.record(z.string(), z.string()),
})

/** What the demo must remember to work the same after a restart. */
export type Secrets = z.output<typeof schema>

function secret(): string {
  return randomBytes(24).toString('base64url')
}

/** Four groups of letters and digits that are not mistaken for each other when typed. */
function password(): string {
  const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789'
  const letters = [...randomBytes(12)].map((byte) => alphabet[byte % alphabet.length])
  return [0, 3, 6, 9].map((at) => letters.slice(at, at + 3).join('')).join('-')
}

function generate(): Secrets {
  return {
    origin: Math.floor(Date.now() / 1000),
    database: secret(),
    clientSecret: secret(),
    machineSecret: secret(),
    notices: secret(),
    passwords: Object.fromEntries(demoPeople.map(({ signIn }) => [signIn, password()])),
    tokens: Object.fromEntries(demoTokens.map(({ name }) => [name, newServiceAccountToken()])),
  }
}

/** Reads the secrets from `file` (mode 0600), making those that are missing. */
export function loadSecrets(file: string): Secrets {
  const fresh = generate()
  const known = existsSync(file) ? schema.partial().parse(JSON.parse(readFileSync(file, 'utf8'))) : {}
  const secrets = schema.parse({
    ...fresh,
    ...known,
    passwords: { ...fresh.passwords, ...known.passwords },
    tokens: { ...fresh.tokens, ...known.tokens },
  })
  saveSecrets(file, secrets)
  return secrets
}

/** Writes the secrets, in one go. */
export function saveSecrets(file: string, secrets: Secrets): void {
  writeFileSync(`${file}.new`, JSON.stringify(secrets, undefined, 2), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
