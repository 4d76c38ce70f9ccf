import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { GatehouseError } from '@gatehouse/errors'
import pg from 'pg'
import type { Pool } from './pool.ts'

/** The verifier Postgres stores (RFC 5802), so that the password itself is in no statement and no server log. */
function scramVerifier(password: string): string {
  const salt = randomBytes(16)
  const iterations = 4_096
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, iterations, 32, 'sha256')
  const key = (name: string): Buffer => createHmac('sha256', salted).update(name).digest()
  const stored = createHash('sha256').update(key('Client Key')).digest('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${key('Server Key').toString('base64')}`
}

async function canSignIn(appUrl: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: appUrl, connectionTimeoutMillis: 5_000 })
  try {
    await client.connect()
    const { rows } = await client.query<{ ok: boolean }>(`select pg_has_role('gatehouse_app', 'usage') as ok`)
    return rows[0]?.ok === true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Makes the application's login work: creates it, sets its password, and makes it a member of `gatehouse_app`, as far as needed. */
export async function ensureAppLogin(admin: pg.Client, appUrl: string): Promise<void> {
  if (await canSignIn(appUrl)) return
  const { username, password } = new URL(appUrl)
  const role = admin.escapeIdentifier(decodeURIComponent(username))
  const verifier = admin.escapeLiteral(scramVerifier(decodeURIComponent(password)))
  const found = await admin.query('select from pg_roles where rolname = $1', [decodeURIComponent(username)])
  await admin.query(`${found.rowCount === 0 ? 'create' : 'alter'} role ${role} login password ${verifier}`)
  if (role !== '"gatehouse_app"') await admin.query(`grant gatehouse_app to ${role}`)
}

/**
 * Refuses to run with a role that row-level security does not bind.
 * @throws GatehouseError `internal` if the pool's role is a superuser, bypasses row-level security, or owns tables.
 */
export async function assertLeastPrivilege(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ role: string; bypasses: boolean; owns: boolean }>(`
    select current_user as role, rolsuper or rolbypassrls as bypasses,
      exists (select from pg_class c where c.relowner = r.oid and c.relnamespace = 'public'::regnamespace) as owns
    from pg_roles r where rolname = current_user`)
  const [found] = rows
  if (found === undefined || found.bypasses || found.owns)
    throw new GatehouseError('internal', 'internal error', {
      detail: `database.url signs in as ${found?.role}, which row-level security does not bind; use the application's role`,
    })
}
