import { join } from 'node:path'
import { type Config, parseConfig } from '@gatehouse/config'
import { type Control, startControl } from '@gatehouse/control'
import { freePort, type Idp, startIdp, temporaryDir } from '@gatehouse/local'
import { createLogger } from '@gatehouse/telemetry'
import pg from 'pg'
import { freshDatabase } from './postgres.ts'

/** People of the tests: in one org, in two, in none. */
export const people = [
  { signIn: 'ada', name: 'Ada Lovelace', groups: ['transport-signals'] },
  { signIn: 'bo', name: 'Bo Both', groups: ['transport-signals', 'health-triage'] },
  { signIn: 'nemo', name: 'Nemo', groups: ['elsewhere'] },
].map((person) => ({ ...person, email: `${person.signIn}@example.org`, password: 'right' }))

const seed = `
  insert into orgs (uid, name) values ('transport', 'Transport Agency'), ('health', 'Health Agency');
  insert into tenants (org_uid, value) values ('transport', 'transport'), ('health', 'health');
  insert into teams (org_uid, uid, name, idp_groups) values
    ('transport', 'signals', 'Signals', '{transport-signals}'), ('health', 'triage', 'Triage', '{health-triage}');
  insert into data_sources (org_uid, uid, name) values ('transport', 'metrics', 'Metrics'), ('health', 'metrics', 'Metrics');
  insert into grants (org_uid, uid, team_uid, role, constraints) values
    ('transport', 'g-signals', 'signals', 'viewer', '{"{team=\\"signals\\",env=\\"prod\\"}"}'),
    ('health', 'g-triage', 'triage', 'viewer', '{}');`

/** Runs statements as the owner of the database, past row-level security. */
export async function runAsOwner(adminUrl: string, sql: string): Promise<pg.QueryResultRow[]> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    const result: pg.QueryResult | pg.QueryResult[] = await client.query(sql)
    return Array.isArray(result) ? [] : result.rows
  } finally {
    await client.end()
  }
}

export interface SignInWorld {
  readonly control: Control
  readonly config: Config
  readonly idp: Idp
  sql(text: string): Promise<pg.QueryResultRow[]>
  /** Starts another control on the same database, as a second node would be. */
  close(): Promise<void>
}

export interface WorldOptions {
  /** Issuers instead of the demo identity provider. */
  readonly issuers?: readonly object[]
  readonly control?: object
  readonly gatewayUrl?: string
}

/** A control plane on real Postgres with two orgs and a real identity provider with {@link people}. */
export async function startSignInWorld(options: WorldOptions = {}): Promise<SignInWorld> {
  const dir = temporaryDir()
  const database = await freshDatabase()
  await runAsOwner(database.adminUrl, seed)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const idp = await startIdp({
    keyFile: join(dir.path, 'keys.json'),
    people,
    clients: [
      {
        clientId: 'gatehouse',
        clientSecret: 'web-secret',
        redirectUris: [`${url}/login/demo/callback`],
        postLogoutRedirectUris: [`${url}/signed-out`],
      },
    ],
  })
  const demo = {
    name: 'demo',
    issuer: idp.issuer,
    clientId: 'gatehouse',
    clientSecret: { value: 'web-secret' },
  }
  const config = parseConfig(
    JSON.stringify({
      database: { url: database.appUrl },
      gateway: { listenAddress: '127.0.0.1:9' },
      control: { listenAddress: `127.0.0.1:${port}`, gatewayUrl: options.gatewayUrl, ...options.control },
      issuers: options.issuers ?? [{ ...demo, title: 'Demo agency login' }],
      audit: { spoolDir: join(dir.path, 'spool') },
    }),
  )
  const control = await startControl(config, { log: createLogger({ name: 'test', level: 'silent' }) })
  return {
    control,
    config,
    idp,
    sql: (text) => runAsOwner(database.adminUrl, text),
    close: async () => {
      await control.close()
      await idp.stop()
      await database.drop()
      dir.remove()
    },
  }
}
