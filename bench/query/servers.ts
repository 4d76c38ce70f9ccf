import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensureTools, freePort, startPostgres, temporaryDir } from '@gatehouse/local'
import { prepareDatabase } from '../shared/database.ts'
import { startHistory } from '../shared/history.ts'
import {
  end,
  programOf,
  startGateway,
  startNginx,
  type Started,
  untilOk,
  type Used,
  used,
} from '../shared/processes.ts'
import { bodies, startStubs } from './stubs.ts'

/** Something that queries are sent to. */
export interface Target {
  readonly name: string
  /** Base URL of what is behind it under this name, without `/api/v1`; undefined where it does not serve that. */
  readonly base: (upstream: string) => string | undefined
  readonly headers: Readonly<Record<string, string>>
  /** Its process; undefined for one of somebody else's, whose CPU cannot be read. */
  readonly used: Used | undefined
}

/** Everything a run needs, each in a process of its own. */
export interface Servers {
  /** What is compared; the first is what stands behind the others. */
  readonly targets: readonly Target[]
  /** A gateway with its cache on. */
  readonly cached: Target
  readonly gateway: Target
  readonly tenant: string
  /** Unix seconds of the last sample. */
  readonly now: number
  /** Names of programs that are missing and so are not compared. */
  readonly absent: readonly string[]
  close(): Promise<void>
}

/** How a run is set up. */
export interface ServersOptions {
  readonly peers: readonly { readonly name: string; readonly url: string }[]
  /** Port of the bare Prometheus, so that a peer can be pointed at it. */
  readonly port: number | undefined
  /** Where the uncached gateway's CPU profile goes. */
  readonly profileDir: string | undefined
}

type Upstreams = ReadonlyMap<string, string>

/** A plain proxy: each upstream at `/<name>/…`. */
function startProxy(dir: string, upstreams: Upstreams): Promise<Started> {
  const pools = [...upstreams].map(
    ([name, url]) => `  upstream ${name} { server ${new URL(url).host}; keepalive 64; }`,
  )
  const locations = [...upstreams].map(
    ([name, url]) =>
      `    location /${name}/ { proxy_pass http://${name}${new URL(url).pathname.replace(/\/?$/, '/')}; }`,
  )
  const blocks = (port: number): string => `${pools.join('\n')}
  server { listen 127.0.0.1:${port}; proxy_http_version 1.1; proxy_set_header Connection "";
    location = /ready { return 200 'ready'; }
${locations.join('\n')}
  }`
  return startNginx(dir, { name: 'proxy', blocks, readyPath: '/ready' })
}

/** vmauth as a plain proxy that knows one bearer token. */
async function startVmauth(dir: string, upstreams: Upstreams, token: string): Promise<Started> {
  const port = await freePort()
  const file = join(dir, 'vmauth.yaml')
  const routes = [...upstreams].map(([name, url]) => ({
    src_paths: [`/${name}/.*`],
    url_prefix: url,
    drop_src_path_prefix_parts: 1,
  }))
  writeFileSync(file, JSON.stringify({ users: [{ bearer_token: token, url_map: routes }] }))
  const child = spawn(
    programOf('victoria-metrics/vmauth'),
    [`-httpListenAddr=127.0.0.1:${port}`, `-auth.config=${file}`],
    { stdio: 'ignore' },
  )
  const url = `http://127.0.0.1:${port}`
  await untilOk(`${url}/health`)
  return { child, server: used(url, child.pid ?? 0) }
}

async function isThere(tool: 'nginx' | 'victoria-metrics'): Promise<boolean> {
  return ensureTools([tool]).then(
    () => true,
    () => false,
  )
}

const prefixed = (url: string) => (upstream: string) => `${url}/${upstream}`

/** Starts everything. Takes up to two minutes. */
export async function startServers({ peers, port, profileDir }: ServersOptions): Promise<Servers> {
  await ensureTools(['prometheus-2', 'nginx', 'wrk'])
  const hasVmauth = await isThere('victoria-metrics')
  const dir = temporaryDir()
  const { servers, tenants, first, rest, now } = await startHistory(dir.path, { port })
  const [bare, one, two] = servers
  const stubs = await startStubs(dir.path)
  const upstreams: Upstreams = new Map([
    ['whole', bare.url],
    ...bodies.map((name) => [name, `${stubs.server.url}/${name}`] as const),
  ])
  const postgres = await startPostgres({ dataDir: join(dir.path, 'postgres'), database: 'bench' })
  const sources = [
    ...[...upstreams].map(([uid, url]) => ({ uid, shards: { [uid]: { tenants, url } } })),
    {
      uid: 'split',
      shards: { one: { tenants: [first], url: one.url }, two: { tenants: rest, url: two.url } },
    },
  ]
  const { appUrl: databaseUrl, token } = await prepareDatabase(postgres.url, { tenants, sources })
  if (profileDir !== undefined) mkdirSync(profileDir, { recursive: true })
  const nodeFlags = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`]
  const uncached = await startGateway(dir.path, { name: 'uncached', databaseUrl, isCached: false, nodeFlags })
  const cached = await startGateway(dir.path, { name: 'cached', databaseUrl })
  const nginx = await startProxy(dir.path, upstreams)
  const vmauth = hasVmauth ? await startVmauth(dir.path, upstreams, token) : undefined
  const headers = { authorization: `Bearer ${token}` }
  const through = (name: string, { server }: Started): Target => ({
    name,
    base: prefixed(`${server.url}/prom`),
    headers,
    used: server,
  })
  const gateway = through('gateway', uncached)
  const targets: readonly Target[] = [
    {
      name: 'direct',
      base: (upstream) => upstreams.get(upstream) ?? (upstream === 'split' ? bare.url : undefined),
      headers: {},
      used: undefined,
    },
    { name: 'nginx', base: (name) => proxied(nginx, name), headers: {}, used: nginx.server },
    ...(vmauth === undefined
      ? []
      : [{ name: 'vmauth', base: (name: string) => proxied(vmauth, name), headers, used: vmauth.server }]),
    gateway,
    ...peers.map(({ name, url }) => ({
      name,
      base: (upstream: string) => (upstream === 'whole' || upstream === 'split' ? url : undefined),
      headers: {},
      used: undefined,
    })),
  ]
  for (const { url } of peers) await untilOk(`${url}/api/v1/query?query=1`)
  return {
    targets,
    gateway,
    cached: through('cached gateway', cached),
    tenant: first,
    now,
    absent: hasVmauth ? [] : ['vmauth'],
    async close() {
      const children = [nginx, vmauth, uncached, cached, stubs].flatMap((one) => one?.child ?? [])
      for (const child of children) await end(child)
      await postgres.stop()
      await Promise.all(servers.map((server) => server.stop()))
      dir.remove()
    },
  }
}

/** Nobody but the gateway and the bare Prometheus has something to answer for two shards as one. */
function proxied({ server }: Started, upstream: string): string | undefined {
  return upstream === 'split' ? undefined : prefixed(server.url)(upstream)
}
