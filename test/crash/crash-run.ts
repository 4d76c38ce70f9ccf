import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseAccessDocument } from '@gatehouse/authz'
import { hashServiceAccountToken, newServiceAccountToken } from '@gatehouse/identity'
import { freePort, startPostgres, temporaryDir } from '@gatehouse/local'
import {
  applyAccess,
  createPool,
  createToken,
  generateSigningKey,
  loadPublicKey,
  loadSigner,
  migrate,
  type Pool,
  sealAudit,
  verifyAudit,
  withOrg,
} from '@gatehouse/store'
import { parse } from 'yaml'
import { startRecordingPrometheus } from '../support/recording-prometheus.ts'

/** How to crash. */
export interface CrashOptions {
  /** SIGKILLs of gateways, at random moments under load. */
  readonly kills: number
  readonly gateways: number
  /** Seconds without Postgres (killed too), once half of the kills are done; killing goes on meanwhile. */
  readonly outageSeconds: number
  readonly level: 'write' | 'fsync'
  readonly onProgress?: (kills: number, answered: number) => void
}

/** What came of it. */
export interface CrashReport {
  readonly kills: number
  readonly killsDuringOutage: number
  readonly answered: number
  /** Answers by HTTP status. */
  readonly byStatus: Readonly<Record<string, number>>
  /** Requests whose answer had arrived and that have no event. Must be empty. */
  readonly lost: readonly string[]
  /** Requests with more than one event. Must be empty. */
  readonly duplicated: readonly string[]
  /** Requests with an event whose answer never arrived: killed in between. */
  readonly unanswered: number
  readonly events: number
  readonly findings: readonly { readonly message: string }[]
  readonly seconds: number
}

interface Gateway {
  readonly port: number
  readonly configFile: string
  process: ChildProcess
}

const main = join(import.meta.dirname, '../../services/gateway/src/main.ts')

function spawnGateway(configFile: string): ChildProcess {
  // Gateways start over and over: compiled modules are kept between them.
  const env = { PATH: '', NODE_COMPILE_CACHE: join(dirname(configFile), 'compile-cache') }
  return spawn(process.execPath, [main, '--config.file', configFile], { stdio: 'ignore', env })
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null)
    await new Promise<void>((resolve) => child.once('exit', () => resolve()))
}

const access = (shard: string): string => `
apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: org
    name: Org
    tenants: [org]
    serviceAccounts: [{ uid: all, name: All }, { uid: nobody, name: Nobody }]
    dataSources:
      - uid: metrics
        name: Metrics
        shards: [{ name: one, tenants: [org], replicas: [{ name: a, url: "${shard}" }] }]
    grants: [{ serviceAccount: all, role: viewer }]`

async function makeToken(pool: Pool, serviceAccountUid: string): Promise<string> {
  const token = newServiceAccountToken()
  const hash = hashServiceAccountToken(token) ?? ''
  const expiresAt = Date.now() + 86_400_000
  const row = { serviceAccountUid, name: 'crash', prefix: token.slice(0, 16), hash, expiresAt }
  await withOrg(pool, 'org', (tx) => createToken(tx, row))
  return token
}

/** Status of an answer that arrived whole; undefined if it did not. */
function get(
  agent: Agent,
  port: number,
  path: string,
  headers: Record<string, string>,
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const message = request({ agent, port, host: '127.0.0.1', path, headers, timeout: 30_000 }, (res) => {
      res.resume()
      res.on('end', () => resolve(res.complete ? res.statusCode : undefined))
      res.on('error', () => resolve(undefined))
    })
    message.on('timeout', () => message.destroy())
    message.on('error', () => resolve(undefined))
    message.end()
  })
}

interface Load {
  readonly answered: Map<string, number>
  readonly asked: Set<string>
  stop(): Promise<void>
}

const random = (from: number, to: number): number => from + Math.random() * (to - from)

/** Clients that ask allowed, denied, unauthenticated, malformed and unknown things, each under an id of its own. */
function startLoad(gateways: readonly Gateway[], tokens: { all: string; nobody: string }): Load {
  const answered = new Map<string, number>()
  const asked = new Set<string>()
  let isStopping = false
  const query = '/prom/metrics/api/v1/query?query='
  const kinds: readonly (readonly [path: string, token: string])[] = [
    [`${query}up`, tokens.all],
    [`${query}sum(rate(x[5m]))`, tokens.all],
    [`${query}up`, tokens.nobody],
    [`${query}up`, 'gatehouse_sa_wrong'],
    [`${query}sum(`, tokens.all],
    ['/prom/metrics/api/v1/admin', tokens.all],
    ['/prom/metrics/api/v1/labels', tokens.all],
  ]
  async function client({ port }: Gateway, n: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let i = n; !isStopping; i++) {
      const [path, token] = kinds[i % kinds.length] ?? ['/', '']
      const id = randomUUID()
      asked.add(id)
      const headers = { authorization: `Bearer ${token}`, 'x-request-id': id }
      const status = await get(agent, port, path, headers)
      if (status === undefined) await sleep(10)
      else answered.set(id, status)
      await sleep(random(0, 4))
    }
    agent.destroy()
  }
  const clients = gateways.flatMap((gateway) => Array.from({ length: 6 }, (_, n) => client(gateway, n)))
  return {
    answered,
    asked,
    async stop() {
      isStopping = true
      await Promise.all(clients)
    },
  }
}

async function isUp(port: number): Promise<boolean> {
  const agent = new Agent()
  const status = await get(agent, port, '/-/healthy', {})
  agent.destroy()
  return status !== undefined
}

/** Kills one gateway again and again, until `more` says that it is enough. */
async function killer(gateway: Gateway, more: () => boolean): Promise<void> {
  while (more()) {
    while (!(await isUp(gateway.port))) {
      // A start must not fail by itself, whatever was killed before or is away now.
      if (gateway.process.exitCode !== null)
        throw new Error(`a gateway ended with ${gateway.process.exitCode}`)
      await sleep(20)
    }
    await sleep(random(0, 400))
    gateway.process.kill('SIGKILL')
    await ended(gateway.process)
    gateway.process = spawnGateway(gateway.configFile)
    // Now and then it is killed while it starts: in the middle of recovery.
    if (Math.random() < 0.1) await sleep(random(50, 600))
  }
}

interface Found {
  readonly counts: ReadonlyMap<string, number>
  readonly events: number
}

async function countEvents(owner: Pool): Promise<Found> {
  const { rows } = await owner.query<{ id: string; n: number }>(
    `select event ->> 'requestId' as id, count(*)::int as n from audit_events group by 1`,
  )
  return {
    counts: new Map(rows.map(({ id, n }) => [id, n])),
    events: rows.reduce((sum, { n }) => sum + n, 0),
  }
}

/** Runs gateways under load, kills them and Postgres, and compares what was answered with what was recorded. */
export async function runCrashes(options: CrashOptions): Promise<CrashReport> {
  const started = performance.now()
  const dir = temporaryDir()
  const dataDir = join(dir.path, 'postgres')
  let postgres = await startPostgres({ dataDir, database: 'crash', durable: false })
  const adminUrl = postgres.url
  const appUrl = Object.assign(new URL(adminUrl), { username: 'crash_app', password: 'crash' }).href
  await migrate(adminUrl, { appUrl })
  const shard = await startRecordingPrometheus()
  const pool = createPool({ url: appUrl })
  const owner = createPool({ url: adminUrl })
  pool.on('error', () => {})
  owner.on('error', () => {})
  await applyAccess(pool, parseAccessDocument(parse(access(shard.url))))
  const tokens = { all: await makeToken(pool, 'all'), nobody: await makeToken(pool, 'nobody') }

  const gateways: Gateway[] = []
  for (let n = 0; n < options.gateways; n++) {
    const port = await freePort()
    const folder = join(dir.path, `gateway-${n}`)
    mkdirSync(folder)
    const configFile = join(folder, 'config.yaml')
    const config = {
      database: { url: appUrl, poolSize: 4 },
      // One process each: what is killed is what answers.
      gateway: { listenAddress: `127.0.0.1:${port}`, drain: '2s', workers: 1 },
      audit: { spoolDir: join(folder, 'spool'), level: options.level },
      log: { level: 'error' },
    }
    writeFileSync(configFile, JSON.stringify(config))
    gateways.push({ port, configFile, process: spawnGateway(configFile) })
  }
  const load = startLoad(gateways, tokens)
  let kills = 0
  let outageKills = 0
  let isOut = false
  let outage: Promise<void> | undefined

  async function cutPostgres(): Promise<void> {
    isOut = true
    const { port } = postgres
    await postgres.kill()
    await sleep(options.outageSeconds * 1_000)
    postgres = await startPostgres({ dataDir, database: 'crash', durable: false, port })
    isOut = false
  }

  const more = (): boolean => {
    kills += 1
    if (isOut) outageKills += 1
    if (kills % 25 === 0) options.onProgress?.(kills, load.answered.size)
    if (kills >= options.kills / 2 && options.outageSeconds > 0) outage ??= cutPostgres()
    return kills <= options.kills
  }
  await Promise.all(gateways.map((gateway) => killer(gateway, more)))
  await outage
  await Promise.all(
    gateways.map(async ({ port }) => {
      while (!(await isUp(port))) await sleep(20)
    }),
  )
  await sleep(500)
  await load.stop()
  for (const gateway of gateways) gateway.process.kill('SIGTERM')
  await Promise.all(gateways.map(({ process: child }) => ended(child)))
  // What a drained gateway could not ship in its time, its next start ships.
  const last = gateways.map(({ configFile }) => spawnGateway(configFile))
  const missing = async (): Promise<string[]> => {
    const { counts } = await countEvents(owner)
    return [...load.answered.keys()].filter((id) => !counts.has(id))
  }
  for (let attempt = 0; attempt < 60 && (await missing()).length > 0; attempt++) await sleep(500)
  for (const child of last) child.kill('SIGTERM')
  await Promise.all(last.map(ended))

  const { counts, events } = await countEvents(owner)
  const key = generateSigningKey()
  while ((await sealAudit(pool, loadSigner(key.privatePem))).events > 0);
  const { findings } = await verifyAudit(pool, { publicKeys: [loadPublicKey(key.publicPem)] })
  const byStatus: Record<string, number> = {}
  for (const status of load.answered.values()) byStatus[status] = (byStatus[status] ?? 0) + 1
  const report = {
    kills: options.kills,
    killsDuringOutage: outageKills,
    answered: load.answered.size,
    byStatus,
    lost: await missing(),
    duplicated: [...counts].filter(([id, n]) => n > 1 && load.asked.has(id)).map(([id]) => id),
    unanswered: [...counts.keys()].filter((id) => load.asked.has(id) && !load.answered.has(id)).length,
    events,
    findings,
    seconds: (performance.now() - started) / 1_000,
  }
  await pool.end()
  await owner.end()
  await postgres.stop()
  await shard.close()
  dir.remove()
  return report
}
