import type { Pool } from './pool.ts'
import { withTransaction } from './transaction.ts'

/** A sign-in under way, as kept between its beginning and its callback. */
export interface LoginAttemptRow {
  readonly browserHash: string
  readonly issuerName: string
  readonly nonce: string
  readonly codeVerifier: string
  readonly returnTo: string
}

/** Keeps a sign-in under way for `lifetimeMs`, and drops those that ran out. */
export async function keepLoginAttempt(
  pool: Pool,
  stateHash: string,
  attempt: LoginAttemptRow,
  lifetimeMs: number,
): Promise<void> {
  const { browserHash, issuerName, nonce, codeVerifier, returnTo } = attempt
  await withTransaction(pool, async (tx) => {
    await tx.rows('delete from login_attempts where expires_at < now()')
    await tx.rows(
      `insert into login_attempts (state_hash, browser_hash, issuer_name, nonce, code_verifier, return_to, expires_at)
       values ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 millisecond')`,
      [stateHash, browserHash, issuerName, nonce, codeVerifier, returnTo, lifetimeMs],
    )
  })
}

/** Takes a sign-in under way out of the store. One caller gets it, also of two at the same moment; nobody after its time. */
export async function takeLoginAttempt(pool: Pool, stateHash: string): Promise<LoginAttemptRow | undefined> {
  return withTransaction(pool, async (tx) => {
    const [row] = await tx.rows<{
      browser_hash: string
      issuer_name: string
      nonce: string
      code_verifier: string
      return_to: string
      live: boolean
    }>(
      `delete from login_attempts where state_hash = $1
       returning browser_hash, issuer_name, nonce, code_verifier, return_to, expires_at > now() as live`,
      [stateHash],
    )
    if (row === undefined || !row.live) return undefined
    return {
      browserHash: row.browser_hash,
      issuerName: row.issuer_name,
      nonce: row.nonce,
      codeVerifier: row.code_verifier,
      returnTo: row.return_to,
    }
  })
}
