import { join } from 'node:path'
import {
  agencies,
  demoTargets,
  ensureTools,
  type Prometheus,
  type PrometheusVersion,
  startPrometheus,
  type Target,
  temporaryDir,
  toolPath,
  writeHistory,
} from '@gatehouse/local'
import { type GatewayWorld, type GatewayWorldOptions, startGatewayWorld } from './gateway-world.ts'

/** Real Prometheus servers with the demo's series of five tenants on two shards, and all of them in one reference server. */
export interface Shards {
  /** Replicas of the shard that holds `transport`, `health` and `defence-land`. */
  readonly one: readonly [Prometheus, Prometheus]
  /** The only replica of the shard that holds `revenue` and `defence-sea`. */
  readonly two: Prometheus
  /** Everything, unconstrained: what answers are compared with. */
  readonly reference: Prometheus
  /** Unix seconds of the last sample. */
  readonly now: number
  /** Starts a killed server again, on its data and port. */
  restart(server: Prometheus): Promise<void>
  close(): Promise<void>
}

/** A gateway before {@link Shards}; see {@link accessOf} for who may see what. */
export interface Stack extends GatewayWorld {
  readonly shards: Shards
}

export const shardOneTenants = ['transport', 'health', 'defence-land'] as const
export const shardTwoTenants = ['revenue', 'defence-sea'] as const

const historySeconds = 3_600
const stepSeconds = 15

function targetsAt(origin: number): Target[] {
  const [like] = agencies
  if (like === undefined) throw new Error('the demo has no agencies')
  const defence = ['defence-land', 'defence-sea'].map((tenant) => ({ ...like, tenant }))
  return demoTargets(origin, [...agencies, ...defence])
}

/** Starts the servers and fills them with one hour of series up to now. */
export async function startShards(version: PrometheusVersion = '2'): Promise<Shards> {
  await ensureTools([`prometheus-${version}`])
  if (toolPath(`prometheus-${version}/prometheus`) === undefined)
    throw new Error(`no Prometheus ${version} here`)
  const dir = temporaryDir()
  const started = new Map<Prometheus, string>()
  const start = async (name: string, port?: number): Promise<Prometheus> => {
    const dataDir = join(dir.path, name)
    const flags = ['--web.enable-remote-write-receiver']
    const server = await startPrometheus({ version, dataDir, flags, ...(port === undefined ? {} : { port }) })
    started.set(server, name)
    return server
  }
  const [oneA, oneB, two, reference] = await Promise.all([
    start('one-a'),
    start('one-b'),
    start('two'),
    start('reference'),
  ])
  const now = Math.floor(Date.now() / 1000 / stepSeconds) * stepSeconds
  const targets = targetsAt(now)
  const write = (servers: readonly Prometheus[], tenants?: readonly string[]): Promise<number> =>
    writeHistory({
      targets: targets.filter(({ labels }) => tenants?.includes(labels['tenant'] ?? '') ?? true),
      urls: servers.map(({ url }) => url),
      from: now - historySeconds,
      until: now + 1,
      step: stepSeconds,
    })
  await Promise.all([write([oneA, oneB], shardOneTenants), write([two], shardTwoTenants), write([reference])])
  return {
    one: [oneA, oneB],
    two,
    reference,
    now,
    async restart(server) {
      const name = started.get(server)
      if (name === undefined) throw new Error('not one of these servers')
      started.delete(server)
      await start(name, server.port)
    },
    async close() {
      await Promise.all([...started.keys()].map((server) => server.stop()))
      dir.remove()
    },
  }
}

/** YAML of the shards of a data source, as an access document wants them. */
export function shardsYaml(shards: Shards): string {
  return `
        - name: shard-one
          tenants: ${JSON.stringify(shardOneTenants)}
          replicas: [{ name: one-a, url: "${shards.one[0].url}" }, { name: one-b, url: "${shards.one[1].url}" }]
        - name: shard-two
          tenants: ${JSON.stringify(shardTwoTenants)}
          replicas: [{ name: two-a, url: "${shards.two.url}" }]`
}

/**
 * The access document of {@link startStack}. Every org has the data source `metrics` over both shards. Service accounts: `all` sees its
 * org's tenants; in `transport` `signals` sees the production series of one team, `mixed` those of one team or of production,
 * `nobody` has no grant.
 */
export function accessOf(shards: Shards): string {
  const org = (uid: string, tenants: readonly string[], accounts = '', grants = ''): string => `
  - uid: ${uid}
    name: ${uid}
    tenants: ${JSON.stringify(tenants)}
    teams: [{ uid: everybody, name: Everybody }]
    serviceAccounts:
      - { uid: all, name: All }${accounts}
    dataSources:
      - uid: metrics
        name: Metrics
        shards:${shardsYaml(shards).replaceAll('\n', '\n  ')}
    grants:
      - { serviceAccount: all, role: viewer }${grants}`
  const accounts = `
      - { uid: signals, name: Signals }
      - { uid: mixed, name: Mixed }
      - { uid: nobody, name: Nobody }`
  const grants = `
      - { serviceAccount: signals, role: viewer, constraints: ['{team="signals",env="prod"}'] }
      - { serviceAccount: mixed, role: viewer, constraints: ['{team="signals"}', '{env="prod"}'] }`
  return `apiVersion: gatehouse/v1
kind: Access
orgs:${org('transport', ['transport'], accounts, grants)}${org('health', ['health'])}${org('revenue', ['revenue'])}${org(
    'defence',
    ['defence-land', 'defence-sea'],
  )}
`
}

/** Starts shards, a database and a gateway before them. Takes some seconds; once for a test file. */
export async function startStack(
  options: Partial<GatewayWorldOptions> & { readonly version?: PrometheusVersion } = {},
): Promise<Stack> {
  const { version, ...rest } = options
  const shards = await startShards(version)
  const world = await startGatewayWorld({ access: accessOf(shards), ...rest })
  return {
    ...world,
    shards,
    async close() {
      await world.close()
      await shards.close()
    },
  }
}
