import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { parseAccessDocument } from '@gatehouse/authz'
import { type Config, parseConfig } from '@gatehouse/config'
import { type Control, startControl } from '@gatehouse/control'
import { type Gateway, startGateway } from '@gatehouse/gateway'
import { freePort, type Idp, startIdp, temporaryDir } from '@gatehouse/local'
import { applyAccess, createPool } from '@gatehouse/store'
import { createLogger } from '@gatehouse/telemetry'
import pg from 'pg'
import { parse } from 'yaml'
import { freshDatabase } from './postgres.ts'

/** People of the tests: in one org, in two, in none. */
export const people = [
  { signIn: 'ada', name: 'Ada Lovelace', groups: ['transport-signals'] },
  { signIn: 'bo', name: 'Bo Both', groups: ['transport-signals', 'health-triage'] },
  { signIn: 'nemo', name: 'Nemo', groups: ['elsewhere'] },
].map((person) => ({ ...person, email: `${person.signIn}@example.org`, password: 'right' }))

const accessOf = (prometheusUrl: string): string => `
apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: transport
    name: Transport Agency
    tenants: [transport]
    teams: [{ uid: signals, name: Signals, idpGroups: [transport-signals] }]
    dataSources:
      - uid: metrics
        name: Metrics of transport
        shards: &shards
          - name: all
            tenants: [transport, health]
            replicas: [{ name: a, url: '${prometheusUrl}' }]
    grants: [{ uid: g-signals, team: signals, role: viewer, constraints: ['{team="signals",env="prod"}'] }]
  - uid: health
    name: Health Agency
    tenants: [health]
    teams: [{ uid: triage, name: Triage, idpGroups: [health-triage] }]
    dataSources: [{ uid: metrics, name: Metrics of health, shards: *shards }]
    grants: [{ uid: g-triage, team: triage, role: viewer }]
`

async function runAsOwner(adminUrl: string, sql: string): Promise<pg.QueryResultRow[]> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    return (await client.query<pg.QueryResultRow>(sql)).rows
  } finally {
    await client.end()
  }
}

export interface SignInWorld {
  readonly control: Control
  readonly gateway: Gateway
  readonly config: Config
  readonly idp: Idp
  /** Runs one statement as the owner of the database, past row-level security. */
  sql(text: string): Promise<pg.QueryResultRow[]>
  close(): Promise<void>
}

export interface WorldOptions {
  /** Issuers instead of the demo identity provider. */
  readonly issuers?: readonly object[]
  readonly control?: object
  readonly limits?: object
  /** A Prometheus with series of the tenants `transport` and `health`; nothing answers there by default. */
  readonly prometheusUrl?: string
  /** An access document (YAML) instead of the two orgs', given the address of the Prometheus. */
  readonly access?: (prometheusUrl: string) => string
}

async function startProvider(controlUrl: string, keyFile: string): Promise<Idp> {
  const client = {
    clientId: 'gatehouse',
    clientSecret: 'web-secret',
    redirectUris: [`${controlUrl}/login/demo/callback`],
    postLogoutRedirectUris: [`${controlUrl}/signed-out`],
  }
  return startIdp({ keyFile, people, clients: [client] })
}

/** Ends what was started, last first. */
async function endAll(endings: (() => Promise<void> | void)[]): Promise<void> {
  for (const end of endings.splice(0).toReversed()) await end()
}

async function seedDatabase(access: string, endings: (() => Promise<void>)[]) {
  const database = await freshDatabase()
  endings.push(database.drop)
  const pool = createPool({ url: database.appUrl })
  await applyAccess(pool, parseAccessDocument(parse(access)))
  await pool.end()
  return database
}

async function startWorld(options: WorldOptions, endings: (() => Promise<void>)[]): Promise<SignInWorld> {
  const dir = temporaryDir()
  endings.push(async () => dir.remove())
  const { prometheusUrl = 'http://127.0.0.1:9', access = accessOf } = options
  const database = await seedDatabase(access(prometheusUrl), endings)
  const [controlPort, gatewayPort] = [await freePort(), await freePort()]
  const idp = await startProvider(`http://127.0.0.1:${controlPort}`, join(dir.path, 'keys.json'))
  endings.push(idp.stop)
  const demo = { name: 'demo', title: 'Demo agency login', issuer: idp.issuer, clientId: 'gatehouse' }
  const config = parseConfig(
    JSON.stringify({
      database: { url: database.appUrl },
      gateway: { listenAddress: `127.0.0.1:${gatewayPort}`, drain: '1s' },
      // One address signs in here hundreds of times.
      control: {
        listenAddress: `127.0.0.1:${controlPort}`,
        signInBurst: 100_000,
        principalRate: { perSecond: 10_000, burst: 100_000 },
        ...options.control,
      },
      issuers: options.issuers ?? [{ ...demo, clientSecret: { value: 'web-secret' } }],
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      audit: { spoolDir: join(dir.path, 'spool') },
    }),
  )
  const log = createLogger({ name: 'test', level: process.env['GATEHOUSE_TEST_LOG'] ?? 'silent' })
  const gateway = await startGateway(config, { log })
  endings.push(gateway.close)
  const control = await startControl(config, { log })
  endings.push(control.close)
  const sql: SignInWorld['sql'] = (text) => runAsOwner(database.adminUrl, text)
  return { control, gateway, config, idp, sql, close: () => endAll(endings) }
}

/** Control with its console and a gateway on real Postgres with two orgs, and a real identity provider with {@link people}. */
export async function startSignInWorld(options: WorldOptions = {}): Promise<SignInWorld> {
  execFileSync('sh', [join(import.meta.dirname, '../../scripts/build-console.sh')], { stdio: 'inherit' })
  const endings: (() => Promise<void>)[] = []
  try {
    return await startWorld(options, endings)
  } catch (error) {
    await endAll(endings)
    throw error
  }
}
