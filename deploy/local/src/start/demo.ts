import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Running, serve } from '@gatehouse/cli'
import { migrate } from '@gatehouse/store'
import { startExporter } from '../demo/exporter.ts'
import { type Shard, startShards } from '../demo/shards.ts'
import { demoTargets, type Target } from '../demo/targets.ts'
import { type Idp, startIdp } from '../idp/start.ts'
import { type Postgres, startPostgres } from '../postgres/start.ts'
import { identify, type ProcessIdentity, whenGone } from '../process/identity.ts'
import { createKeeper, type Keeper } from '../process/keeper.ts'
import { together } from '../process/together.ts'
import { ensureTools } from '../tools.ts'
import { loadAccess } from './access.ts'
import { makeAuditKey } from './audit-key.ts'
import { writeConfigFile } from './config-file.ts'
import { buildConsole } from './console.ts'
import { startNoticeBox } from './notices.ts'
import type { StartOptions } from './options.ts'
import { dataSourceUid, demoPeople, demoTokens } from './people.ts'
import { choosePorts, type Ports } from './ports.ts'
import type { Progress } from './progress.ts'
import { type Ready, writeReady } from './ready-file.ts'
import { loadSecrets, saveSecrets, type Secrets } from './secrets.ts'
import { claimStateDir, createStateDir, resetStateDir, type StateDir, stateDir } from './state.ts'

/** The running demo. */
export interface Demo {
  readonly ready: Ready
  readonly state: StateDir
  /** Resolves when a service that all depends on has ended by itself, with a sentence. */
  readonly failed: Promise<string>
  /** Ends everything in order and removes `ready.json`. */
  stop(): Promise<void>
}

/** What a part of the start needs of the others. */
interface Context {
  readonly options: StartOptions
  readonly state: StateDir
  readonly keeper: Keeper
  readonly progress: Progress
  readonly ports: Ports
  readonly secrets: Secrets
  /** Ends what has been started, last first. */
  readonly endings: (() => Promise<void>)[]
}

const clientId = 'gatehouse'
const machine = { clientId: 'ci-robot', groups: ['transport-signals-prod'] }

/** Resolves with a sentence when the database has ended by itself; never after the stop has begun. */
function watchDatabase(pid: number, endings: Context['endings']): Promise<string> {
  const watching = new AbortController()
  endings.push(async () => watching.abort())
  const server = identify(pid)
  return new Promise((resolve) => {
    const ended = server === undefined ? Promise.resolve() : whenGone(server, watching.signal)
    ended.then(
      () => resolve('PostgreSQL has ended'),
      () => undefined,
    )
  })
}

async function startDatabase({ state, keeper, progress, secrets, endings }: Context) {
  const postgres: Postgres = await progress.step('PostgreSQL', () =>
    startPostgres({ dataDir: join(state.data, 'postgres'), database: 'gatehouse', keeper }),
  )
  endings.push(() => postgres.stop())
  const appUrl = new URL(postgres.url)
  appUrl.username = 'gatehouse'
  appUrl.password = secrets.database
  await progress.step('Database schema', () => migrate(postgres.url, { appUrl: appUrl.href }))
  return { adminUrl: postgres.url, appUrl: appUrl.href, gone: watchDatabase(postgres.pid, endings) }
}

async function startMetrics(context: Context): Promise<Shard[]> {
  const { options, state, keeper, progress, ports, secrets, endings } = context
  await progress.step('Prometheus programs', () => ensureTools([`prometheus-${options.prometheus}`]))
  const targets: Target[] = demoTargets(secrets.origin)
  const exporter = await startExporter(targets, ports.of('exporter'))
  endings.push(() => exporter.stop())
  const shards = await progress.step('Prometheus shards and history', () =>
    startShards({
      dataDir: state.data,
      version: options.prometheus,
      keeper,
      portOf: ports.of,
      targets,
      exporterPort: exporter.port,
      historyHours: options.historyHours,
      onHistory: (shard) =>
        progress.note(`generating ${options.historyHours} h of history for ${shard}, this once`),
    }),
  )
  let isStopping = false
  const replicas = shards.flatMap((shard) => shard.replicas)
  endings.push(async () => {
    isStopping = true
    await Promise.all(replicas.map(({ prometheus }) => prometheus.stop()))
  })
  for (const { name, prometheus } of replicas)
    void prometheus.exited.then(({ signal }) => {
      if (!isStopping) progress.note(`${name} has ended (${signal ?? 'by itself'})`)
    })
  return shards
}

async function startIdentityProvider({ state, progress, ports, secrets, endings }: Context): Promise<Idp> {
  const control = `http://127.0.0.1:${ports.of('control')}`
  const idp = await progress.step('Identity provider', () =>
    startIdp({
      port: ports.of('identity provider'),
      people: demoPeople.map((person) => ({ ...person, password: secrets.passwords[person.signIn] ?? '' })),
      clients: [
        {
          clientId,
          clientSecret: secrets.clientSecret,
          redirectUris: [`${control}/login/demo/callback`],
          postLogoutRedirectUris: [`${control}/signed-out`],
        },
        { ...machine, clientSecret: secrets.machineSecret },
      ],
      keyFile: state.idpKeyFile,
      onError: (error) => progress.note(`identity provider: ${error.message}`),
    }),
  )
  endings.push(() => idp.stop())
  return idp
}

/** Puts the services on record in case we are killed; `serve` itself ends them otherwise. */
function recordServices({ keeper, endings }: Context): (service: string, pid: number) => void {
  const children: ProcessIdentity[] = []
  endings.push(async () => children.forEach(keeper.forget))
  return (service, pid) => {
    const child = identify(pid)
    if (child === undefined) return
    children.push(child)
    keeper.adopt(service, child)
  }
}

async function startServices(
  context: Context,
  database: { adminUrl: string; appUrl: string },
  issuer: string,
): Promise<Running> {
  const { state, progress, ports, secrets, endings } = context
  const { clientSecret } = secrets
  const listening = { gatewayPort: ports.of('gateway'), controlPort: ports.of('control') }
  makeAuditKey(state.auditKeyFile)
  const notices = await startNoticeBox(state.noticesFile)
  endings.push(() => notices.stop())
  const orgs = [...new Set(demoPeople.map(({ org }) => org))]
  writeConfigFile(state.configFile, {
    auditKeyFile: state.auditKeyFile,
    checkpointsFile: state.checkpointsFile,
    notices: { orgs, url: notices.url, secret: secrets.notices },
    ...database,
    ...listening,
    issuer,
    clientId,
    clientSecret,
  })
  const logFile = openSync(join(state.logs, 'services.log'), 'w', 0o600)
  try {
    const running = await progress.step('Gateway and control', () =>
      serve({ configFile: state.configFile, logFile, onStart: recordServices(context) }),
    )
    endings.push(() => running.stop())
    return running
  } catch (error) {
    throw new Error(
      `${error instanceof Error ? error.message : String(error)} (see ${state.logs}/services.log)`,
      { cause: error },
    )
  } finally {
    closeSync(logFile)
  }
}

function describe(input: {
  shards: readonly Shard[]
  running: Running
  issuer: string
  secrets: Secrets
}): Ready {
  const { shards, running, issuer, secrets } = input
  const url = `${running.gatewayUrl}/prom/${dataSourceUid}`
  const orgs = shards.flatMap(({ tenants }) => tenants)
  return {
    gateway: running.gatewayUrl,
    control: running.controlUrl,
    idp: issuer,
    dataSources: orgs.map((org) => ({ uid: dataSourceUid, org, name: `Metrics of ${org}`, url })),
    shards: shards.map(({ name, tenants, replicas }) => ({
      name,
      tenants: [...tenants],
      replicas: replicas.map((replica) => ({ name: replica.name, url: replica.prometheus.url })),
    })),
    people: demoPeople.map(({ sees: _sees, groups, teams, ...person }) => ({
      ...person,
      password: secrets.passwords[person.signIn] ?? '',
      groups: [...groups],
      teams: [...teams],
    })),
    tokens: demoTokens.map(({ name, org, team }) => ({ name, org, team, token: secrets.tokens[name] ?? '' })),
    machine: { ...machine, clientSecret: secrets.machineSecret },
  }
}

/** promtool takes credentials from a file only: one a token. */
function writePromtoolFiles(dir: string, tokens: Ready['tokens']): void {
  for (const { name, token } of tokens)
    writeFileSync(join(dir, `${name}.yml`), JSON.stringify({ authorization: { credentials: token } }), {
      mode: 0o600,
    })
}

async function endAll(endings: readonly (() => Promise<void>)[]): Promise<void> {
  for (const end of endings.toReversed()) await end()
}

async function prepare({ state, options, progress, keeper }: Omit<Context, 'ports' | 'secrets' | 'endings'>) {
  const strays = await keeper.clearStrays()
  if (strays.length > 0) progress.note(`ended what an earlier start had left running: ${strays.join(', ')}`)
  if (options.reset) resetStateDir(state)
  createStateDir(state)
  rmSync(state.readyFile, { force: true })
  const ports = await choosePorts(options.portBase)
  for (const { name, wanted, port } of ports.taken)
    progress.note(`port ${wanted} is taken: the ${name} is on ${port} instead`)
  return { ports, secrets: loadSecrets(state.secretsFile) }
}

async function startAll(context: Context): Promise<Omit<Demo, 'stop'>> {
  const { state } = context
  // The metrics need both cores for their history; everything else fits beside it.
  const [database, shards, idp] = await together([
    startDatabase(context),
    startMetrics(context),
    startIdentityProvider(context),
    context.progress.step('Web console', buildConsole),
  ])
  const tokens = await context.progress.step('Agencies, teams and access', () =>
    loadAccess(database.appUrl, shards, context.secrets.tokens),
  )
  const secrets = { ...context.secrets, tokens }
  saveSecrets(state.secretsFile, secrets)
  const running = await startServices(context, database, idp.issuer)
  const ready = describe({ shards, running, issuer: idp.issuer, secrets })
  writePromtoolFiles(state.promtool, ready.tokens)
  writeReady(state.readyFile, ready)
  const failed = running.exited.then(
    ({ service, code }) =>
      `${service} ended ${code === null ? 'by a signal' : `with code ${code}`} (see ${state.logs}/services.log)`,
  )
  return { ready, state, failed: Promise.race([failed, database.gone]) }
}

/**
 * Starts everything that `npm start` runs and waits until it is ready.
 * @throws Error with one sentence when a part does not start; what had been started is stopped first.
 */
export async function startDemo(options: StartOptions, progress: Progress): Promise<Demo> {
  const state = stateDir(options.stateDir)
  createStateDir(state)
  const release = claimStateDir(state)
  const keeper = createKeeper(state.run)
  // Last of all, what a part that failed half-way has left.
  const endings: (() => Promise<void>)[] = [async () => release(), keeper.stopAll]
  const stop = async (): Promise<void> => {
    rmSync(state.readyFile, { force: true })
    await endAll(endings)
  }
  try {
    const basis = { state, options, progress, keeper }
    return { ...(await startAll({ ...basis, endings, ...(await prepare(basis)) })), stop }
  } catch (error) {
    await stop()
    throw error
  }
}
