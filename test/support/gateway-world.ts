import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AuditEvent } from '@gatehouse/audit'
import { parseAccessDocument } from '@gatehouse/authz'
import { type Config, parseConfig } from '@gatehouse/config'
import { type Gateway, startGateway } from '@gatehouse/gateway'
import { hashServiceAccountToken, newServiceAccountToken } from '@gatehouse/identity'
import { temporaryDir } from '@gatehouse/local'
import { applyAccess, createPool, createToken, type Pool, withOrg } from '@gatehouse/store'
import { createLogger } from '@gatehouse/telemetry'
import pg from 'pg'
import { parse } from 'yaml'
import { freshDatabase } from './postgres.ts'

/** A gateway on a database of its own. */
export interface GatewayWorld {
  readonly gateway: Gateway
  readonly config: Config
  readonly pool: Pool
  /** Base of the API of a data source, without `/api/v1`. */
  base(dataSource?: string): string
  /** A new token of a service account; valid for an hour. */
  token(orgUid: string, serviceAccount: string): Promise<string>
  /** Replaces the access settings of the document's orgs and waits until the gateway may know them. */
  apply(access: string): Promise<void>
  /** The audit events of a request, once they have been shipped. */
  auditOf(requestId: string): Promise<readonly AuditEvent[]>
  /** Runs statements as the owner of the database. */
  sql<T extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<readonly T[]>
  close(): Promise<void>
}

/** Settings of the gateway that differ from the defaults. */
export interface GatewayWorldOptions {
  /** Access document, YAML. */
  readonly access: string
  readonly gateway?: object
  readonly upstream?: object
  readonly issuers?: readonly object[]
  readonly audit?: object
  readonly cache?: object
  readonly limits?: object
  /** By which way the gateway reaches its database; as it is if absent. */
  readonly databaseVia?: (url: string) => Promise<string>
}

async function createTokenFor(pool: Pool, orgUid: string, serviceAccountUid: string): Promise<string> {
  const token = newServiceAccountToken()
  const hash = hashServiceAccountToken(token)
  if (hash === undefined) throw new Error('a new token is not valid')
  const expiresAt = Date.now() + 3_600_000
  const row = { serviceAccountUid, name: 'test', prefix: token.slice(0, 16), hash, expiresAt }
  await withOrg(pool, orgUid, (tx) => createToken(tx, row))
  return token
}

/** Starts a gateway on a fresh database with the given access settings. */
export async function startGatewayWorld(options: GatewayWorldOptions): Promise<GatewayWorld> {
  const dir = temporaryDir()
  const database = await freshDatabase()
  const pool = createPool({ url: database.appUrl })
  const admin = new pg.Client({ connectionString: database.adminUrl })
  await admin.connect()
  const apply = async (access: string): Promise<void> => {
    await applyAccess(pool, parseAccessDocument(parse(access)))
  }
  await apply(options.access)
  const config = parseConfig(
    JSON.stringify({
      database: { url: (await options.databaseVia?.(database.appUrl)) ?? database.appUrl },
      gateway: { listenAddress: '127.0.0.1:0', drain: '2s', maxLoopDelay: '5s', ...options.gateway },
      upstream: options.upstream ?? {},
      issuers: options.issuers ?? [],
      cache: options.cache ?? {},
      limits: options.limits ?? {},
      audit: { spoolDir: join(dir.path, 'spool'), ...options.audit },
    }),
  )
  const log = createLogger({ name: 'test', level: process.env['GATEHOUSE_TEST_LOG'] ?? 'silent' })
  const gateway = await startGateway(config, { log })
  const sql: GatewayWorld['sql'] = async <T extends pg.QueryResultRow>(
    text: string,
    values: readonly unknown[] = [],
  ) => (await admin.query<T>(text, [...values])).rows
  return {
    gateway,
    config,
    pool,
    base: (dataSource = 'metrics') => `${gateway.url}/prom/${dataSource}`,
    token: (orgUid, serviceAccount) => createTokenFor(pool, orgUid, serviceAccount),
    async apply(access) {
      await apply(access)
      await sleep(500)
    },
    async auditOf(requestId) {
      for (let attempt = 0; attempt < 100; attempt += 1) {
        const rows = await sql<{ event: AuditEvent }>(
          `select event from audit_events where event ->> 'requestId' = $1 order by at, id`,
          [requestId],
        )
        if (rows.length > 0) return rows.map(({ event }) => event)
        await sleep(50)
      }
      return []
    },
    sql,
    async close() {
      await gateway.close()
      await pool.end()
      await admin.end()
      await database.drop()
      dir.remove()
    },
  }
}
