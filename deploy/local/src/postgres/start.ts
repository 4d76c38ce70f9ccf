import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { endProcess, type ProcessIdentity } from '../process/identity.ts'
import { defaultKeeper } from '../process/default-keeper.ts'
import type { Child, Keeper } from '../process/keeper.ts'
import { tellingLine } from '../process/log.ts'
import { freePort } from '../process/ports.ts'
import { postgresBinaries } from './binaries.ts'
import { type Cluster, openCluster, runningServer } from './cluster.ts'

/** How to start the embedded PostgreSQL. */
export interface PostgresOptions {
  /** Where its data is kept; see `serverDir` for where root really keeps it. */
  readonly dataDir: string
  /** Loopback port; a free one by default. A server that still runs on this data keeps its own. */
  readonly port?: number
  /** Database that `url` names; created when missing. Default `postgres`. */
  readonly database?: string
  /** False trades safety against power loss for speed, for tests. Default true. */
  readonly durable?: boolean
  readonly keeper?: Keeper
}

/** A running PostgreSQL on loopback. */
export interface Postgres {
  /** URL of the superuser, with password. */
  readonly url: string
  readonly port: number
  readonly pid: number
  /** True when the server of a killed parent was taken over. */
  readonly adopted: boolean
  /** Ends it in good order. */
  stop(): Promise<void>
  /** Ends it with SIGKILL. */
  kill(): Promise<void>
}

const readyTimeoutMs = 60_000

function urlOf(cluster: Cluster, port: number, database: string): string {
  return `postgres://postgres:${cluster.password}@127.0.0.1:${port}/${database}`
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  try {
    await client.connect()
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function ensureDatabase(url: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const found = await client.query('select from pg_database where datname = $1', [name])
    if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`)
  } finally {
    await client.end()
  }
}

function serverArguments(dir: string, port: number, durable: boolean): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port,
    max_connections: 200,
    shared_buffers: '64MB',
    password_encryption: 'scram-sha-256',
    log_timezone: 'UTC',
    timezone: 'UTC',
    jit: 'off',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }
  return ['-D', dir, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

async function waitUntilReady(child: Child, url: string): Promise<void> {
  let ended = false
  void child.exited.then(() => {
    ended = true
  })
  for (const deadline = Date.now() + readyTimeoutMs; Date.now() < deadline; ) {
    if (await answers(url)) return
    if (ended) break
    await sleep(20)
  }
  await child.kill()
  throw new Error(`PostgreSQL did not start: ${tellingLine(child.logFile)} (see ${child.logFile})`)
}

// PostgreSQL's own words: SIGINT is the "fast" shutdown, which ends sessions; SIGTERM would wait for them.
const stopSignal = 'SIGINT'

function handle(url: string, server: { process: ProcessIdentity; port: number }, keeper: Keeper) {
  const end = async (signal: NodeJS.Signals, graceMs: number): Promise<void> => {
    await endProcess(server.process, { signal, graceMs })
    keeper.forget(server.process)
  }
  return {
    url,
    port: server.port,
    pid: server.process.pid,
    stop: () => end(stopSignal, 20_000),
    kill: () => end('SIGKILL', 0),
  }
}

/**
 * Starts the embedded PostgreSQL: loopback only, no unix socket, SCRAM password. First start 0.8 s, later 0.15 s.
 * A server left on the same data by a killed parent is taken over, or ended when it does not answer.
 * @throws Error with PostgreSQL's own reason when it does not start.
 * @example const postgres = await startPostgres({ dataDir: '.gatehouse/postgres', database: 'gatehouse' })
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const keeper = options.keeper ?? defaultKeeper()
  const name = basename(options.dataDir)
  const database = options.database ?? 'postgres'
  const binaries = postgresBinaries()
  const cluster = openCluster(options.dataDir, binaries)

  const urlAt = (port: number, name: string): string => urlOf(cluster, port, name)

  const left = runningServer(cluster.dir)
  if (left !== undefined && (await answers(urlAt(left.port, 'postgres')))) {
    await ensureDatabase(urlAt(left.port, 'postgres'), database)
    keeper.adopt(name, left.process, stopSignal)
    return { ...handle(urlAt(left.port, database), left, keeper), adopted: true }
  }
  if (left !== undefined) await endProcess(left.process, { signal: 'SIGQUIT', graceMs: 5_000 })

  const port = options.port ?? (await freePort())
  const child = keeper.start({
    name,
    logFile: `${options.dataDir}.log`,
    command: join(binaries, 'bin/postgres'),
    args: serverArguments(cluster.dir, port, options.durable ?? true),
    stopSignal,
  })
  await waitUntilReady(child, urlAt(port, 'postgres'))
  await ensureDatabase(urlAt(port, 'postgres'), database)
  return { ...handle(urlAt(port, database), { process: child, port }, keeper), adopted: false }
}
