import { ensureTools, type Prometheus, startPostgres, temporaryDir } from '@gatehouse/local'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { prepareDatabase } from '../shared/database.ts'
import { startHistory, type Size } from '../shared/history.ts'
import { end, startGateway, startNginx, type Started, type Used } from '../shared/processes.ts'

/** Everything a run needs, each in a process of its own. */
export interface Servers {
  readonly bare: Prometheus
  readonly nginx: Used
  readonly one: Used
  readonly two: Used
  readonly tenant: string
  readonly token: string
  /** Unix seconds of the last sample. */
  readonly now: number
  /** Writes samples of a later time, in Unix seconds, as scraping would. */
  write(from: number, until: number): Promise<void>
  close(): Promise<void>
}

/** A plain proxy: what passing an answer on costs. */
function startProxy(dir: string, upstream: string): Promise<Started> {
  const blocks = (port: number): string => `  upstream p { server ${new URL(upstream).host}; keepalive 64; }
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://p; proxy_http_version 1.1; proxy_set_header Connection ""; } }`
  return startNginx(dir, { name: 'nginx', blocks, readyPath: '/-/ready' })
}

/** Starts bare Prometheus servers, a plain proxy, and gateways of one and two workers. Takes some minutes where the data are large. A CPU profile of the one of one worker goes to `profileDir`. */
export async function startServers(size: Size, profileDir?: string): Promise<Servers> {
  await ensureTools(['prometheus-2', 'nginx'])
  const dir = temporaryDir()
  const { servers, tenants, first, rest, now, write } = await startHistory(dir.path, { size })
  const [bare, one, two] = servers
  const postgres = await startPostgres({ dataDir: join(dir.path, 'postgres'), database: 'bench' })
  const sources = [
    { uid: 'whole', shards: { whole: { tenants, url: bare.url } } },
    {
      uid: 'split',
      shards: { one: { tenants: [first], url: one.url }, two: { tenants: rest, url: two.url } },
    },
  ]
  const { appUrl: databaseUrl, token } = await prepareDatabase(postgres.url, { tenants, sources })
  if (profileDir !== undefined) mkdirSync(profileDir, { recursive: true })
  const nodeFlags = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`]
  const gateways = [
    await startGateway(dir.path, { name: 'gateway-1', databaseUrl, nodeFlags }),
    await startGateway(dir.path, { name: 'gateway-2', databaseUrl, workers: 2 }),
  ] as const
  const nginx = await startProxy(dir.path, bare.url)
  return {
    bare,
    nginx: nginx.server,
    one: gateways[0].server,
    two: gateways[1].server,
    tenant: first,
    token,
    now,
    write,
    async close() {
      for (const { child } of [nginx, ...gateways]) await end(child)
      await postgres.stop()
      await Promise.all(servers.map((server) => server.stop()))
      dir.remove()
    },
  }
}
