import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { ensureAppLogin } from './app-login.ts'

const folder = join(import.meta.dirname, '../../../migrations')
// Any number that no other program locks in this database.
const lockKey = 4_711_230_001

interface Migration {
  readonly name: string
  readonly sql: string
  readonly sha256: string
}

function readMigrations(): readonly Migration[] {
  const names = readdirSync(folder).filter((name) => /^\d{4}_[a-z_]+\.sql$/.test(name))
  return names.toSorted().map((name) => {
    const sql = readFileSync(join(folder, name), 'utf8')
    return { name, sql, sha256: createHash('sha256').update(sql).digest('hex') }
  })
}

async function applyOne(client: pg.Client, { name, sql, sha256 }: Migration): Promise<void> {
  await client.query('begin')
  try {
    await client.query(sql)
    await client.query('insert into schema_migrations (name, sha256) values ($1, $2)', [name, sha256])
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw new Error(`migration ${name} failed: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

async function applyPending(client: pg.Client): Promise<string[]> {
  await client.query(`create table if not exists schema_migrations (
    name text primary key, sha256 text not null, applied_at timestamptz not null default now())`)
  const { rows } = await client.query<{ name: string; sha256: string }>(
    'select name, sha256 from schema_migrations',
  )
  const done = new Map(rows.map(({ name, sha256 }) => [name, sha256]))
  const applied: string[] = []
  for (const migration of readMigrations()) {
    const known = done.get(migration.name)
    if (known !== undefined && known !== migration.sha256)
      throw new Error(
        `migration ${migration.name} was changed after it had been applied; write a new one instead`,
      )
    if (known !== undefined) continue
    await applyOne(client, migration)
    applied.push(migration.name)
  }
  return applied
}

/**
 * Brings the database to this version's schema. Instances that start together wait for each other; each migration runs once, in
 * a transaction of its own. Newer migrations than this version knows are left alone.
 * @param adminUrl Postgres URL of the owner role; a superuser is not needed, CREATEROLE is.
 * @param options.appUrl Postgres URL of the application's login, which is created or given that password when it cannot sign in.
 * @returns Names of the migrations applied now.
 * @throws Error naming the migration that failed or was changed; Postgres's own error when it is not reachable.
 */
export async function migrate(
  adminUrl: string,
  options: { appUrl?: string } = {},
): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [lockKey])
    const applied = await applyPending(client)
    if (options.appUrl !== undefined) await ensureAppLogin(client, options.appUrl)
    return applied
  } finally {
    await client.end()
  }
}
