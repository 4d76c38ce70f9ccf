import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseAccessDocument } from '@gatehouse/authz'
import { hashServiceAccountToken, newServiceAccountToken } from '@gatehouse/identity'
import {
  agencies,
  demoTargets,
  ensureTools,
  freePort,
  type Prometheus,
  startPostgres,
  startPrometheus,
  temporaryDir,
  toolPath,
  writeHistory,
} from '@gatehouse/local'
import { applyAccess, createPool, createToken, migrate, withOrg } from '@gatehouse/store'
import { parse } from 'yaml'

const historySeconds = 7 * 3_600
const stepSeconds = 30

/** A process and what it has used: CPU time in ms of it and its children, resident memory in MiB of the largest. */
export interface Used {
  readonly url: string
  readonly pid: number
  cpuMs(): number
  rssMiB(): number
}

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
  close(): Promise<void>
}

function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return text === '' ? [] : text.split(' ').map(Number)
}

/** Clock ticks of Linux are 10 ms. */
function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function rssOf(pid: number): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib) / 1024
}

function used(url: string, pid: number): Used {
  const all = (): readonly number[] => [pid, ...childrenOf(pid)]
  return {
    url,
    pid,
    cpuMs: () => all().reduce((sum, one) => sum + cpuOf(one), 0),
    rssMiB: () => Math.max(...all().map(rssOf)),
  }
}

async function untilOk(url: string): Promise<void> {
  for (let i = 0; i < 600; i += 1) {
    if (
      await fetch(url).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return
    await sleep(100)
  }
  throw new Error(`${url} was not ready`)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  await gone
}

/** A plain proxy: what passing an answer on costs. */
async function startNginx(dir: string, upstream: string): Promise<{ child: ChildProcess; server: Used }> {
  const command = toolPath('nginx/nginx')
  if (command === undefined) throw new Error('nginx is absent: run scripts/setup-tools.sh nginx')
  const port = await freePort()
  const conf = join(dir, 'nginx.conf')
  const { host } = new URL(upstream)
  writeFileSync(
    conf,
    `daemon off; worker_processes 1; pid ${dir}/nginx.pid; error_log ${dir}/nginx.log;
events { worker_connections 512; }
http {
  access_log off; client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/f; uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
  upstream p { server ${host}; keepalive 64; }
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://p; proxy_http_version 1.1; proxy_set_header Connection ""; } }
}
`,
  )
  const child = spawn(command, ['-c', conf, '-p', dir], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  await untilOk(`${url}/-/ready`)
  return { child, server: used(url, child.pid ?? 0) }
}

async function startOneGateway(
  dir: string,
  workers: number,
  databaseUrl: string,
): Promise<{ child: ChildProcess; server: Used }> {
  const port = await freePort()
  const file = join(dir, `gateway-${workers}.yaml`)
  writeFileSync(
    file,
    JSON.stringify({
      database: { url: databaseUrl },
      gateway: { listenAddress: `127.0.0.1:${port}`, workers },
      audit: { spoolDir: join(dir, `spool-${workers}`) },
      log: { level: 'error' },
    }),
  )
  const main = fileURLToPath(import.meta.resolve('@gatehouse/gateway/main'))
  const child = spawn(process.execPath, [main, '--config.file', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const url = `http://127.0.0.1:${port}`
  await untilOk(`${url}/-/ready`)
  return { child, server: used(url, child.pid ?? 0) }
}

const shardYaml = (name: string, tenants: readonly string[], url: string): string =>
  `{ name: ${name}, tenants: ${JSON.stringify(tenants)}, replicas: [{ name: ${name}, url: "${url}" }] }`

async function prepareDatabase(adminUrl: string, shards: readonly Prometheus[], tenants: readonly string[]) {
  const appUrl = Object.assign(new URL(adminUrl), { username: 'bench_app', password: 'bench' }).href
  await migrate(adminUrl, { appUrl })
  const pool = createPool({ url: appUrl })
  const [bare, one, two] = shards.map(({ url }) => url)
  const [first = '', ...rest] = tenants
  const access = `apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: bench
    name: Bench
    tenants: ${JSON.stringify(tenants)}
    serviceAccounts: [{ uid: all, name: All }, { uid: first, name: First }]
    dataSources:
      - { uid: whole, name: Whole, shards: [${shardYaml('whole', tenants, bare ?? '')}] }
      - { uid: split, name: Split, shards: [${shardYaml('one', [first], one ?? '')}, ${shardYaml('two', rest, two ?? '')}] }
    grants:
      - { serviceAccount: all, role: viewer }
`
  await applyAccess(pool, parseAccessDocument(parse(access)))
  const token = newServiceAccountToken()
  const hash = hashServiceAccountToken(token) ?? ''
  const row = {
    serviceAccountUid: 'all',
    name: 'bench',
    prefix: token.slice(0, 16),
    hash,
    expiresAt: Date.now() + 86_400_000,
  }
  await withOrg(pool, 'bench', (tx) => createToken(tx, row))
  await pool.end()
  return { appUrl, token }
}

/** Starts bare Prometheus servers, a plain proxy, and gateways of one and two workers. Takes up to a minute. */
export async function startServers(): Promise<Servers> {
  await ensureTools(['prometheus-2', 'nginx'])
  const dir = temporaryDir()
  const start = (name: string): Promise<Prometheus> =>
    startPrometheus({ dataDir: join(dir.path, name), flags: ['--web.enable-remote-write-receiver'] })
  const shards = [await start('bare'), await start('one'), await start('two')] as const
  const now = Math.floor(Date.now() / 1000 / 60) * 60 - 120
  const targets = demoTargets(now)
  const tenants = agencies.map(({ tenant }) => tenant)
  const [first = ''] = tenants
  const isFirst = (labels: Readonly<Record<string, string>>): boolean => labels['tenant'] === first
  const history = { from: now - historySeconds, until: now + 1, step: stepSeconds }
  const [bare, one, two] = shards
  await writeHistory({ ...history, targets, urls: [bare.url] })
  await writeHistory({
    ...history,
    targets: targets.filter(({ labels }) => isFirst(labels)),
    urls: [one.url],
  })
  await writeHistory({
    ...history,
    targets: targets.filter(({ labels }) => !isFirst(labels)),
    urls: [two.url],
  })
  const postgres = await startPostgres({ dataDir: join(dir.path, 'postgres'), database: 'bench' })
  const { appUrl, token } = await prepareDatabase(postgres.url, shards, tenants)
  const gateways = [
    await startOneGateway(dir.path, 1, appUrl),
    await startOneGateway(dir.path, 2, appUrl),
  ] as const
  const nginx = await startNginx(dir.path, bare.url)
  return {
    bare,
    nginx: nginx.server,
    one: gateways[0].server,
    two: gateways[1].server,
    tenant: first,
    token,
    now,
    async close() {
      for (const { child } of [nginx, ...gateways]) await end(child)
      await postgres.stop()
      await Promise.all(shards.map((server) => server.stop()))
      dir.remove()
    },
  }
}
