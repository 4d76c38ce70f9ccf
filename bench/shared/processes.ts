import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort, type ToolBinary, toolPath } from '@gatehouse/local'

/** A process and what it has used: CPU time in ms of it and its children, resident memory in MiB of the largest. */
export interface Used {
  readonly url: string
  readonly pid: number
  cpuMs(): number
  rssMiB(): number
}

/** A process of a run, to be ended with it. */
export interface Started {
  readonly child: ChildProcess
  readonly server: Used
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

/** What the process `pid` that serves `url` uses. */
export function used(url: string, pid: number): Used {
  const all = (): readonly number[] => [pid, ...childrenOf(pid)]
  return {
    url,
    pid,
    cpuMs: () => all().reduce((sum, one) => sum + cpuOf(one), 0),
    rssMiB: () => Math.max(...all().map(rssOf)),
  }
}

/** Waits until `url` answers 2xx. @throws Error after a minute. */
export async function untilOk(url: string): Promise<void> {
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

/** Ends a process and waits for that. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  await gone
}

/** Path of an unpacked program. @throws Error if it is absent. */
export function programOf(binary: ToolBinary): string {
  const command = toolPath(binary)
  if (command === undefined) throw new Error(`${binary} is absent: see scripts/setup-tools.sh`)
  return command
}

/** Starts an nginx of one worker with these blocks inside `http`; `readyPath` answers 2xx when it is there. */
export async function startNginx(
  dir: string,
  { name, blocks, readyPath }: { name: string; blocks: (port: number) => string; readyPath: string },
): Promise<Started> {
  const port = await freePort()
  const at = join(dir, name)
  const conf = `${at}.conf`
  writeFileSync(
    conf,
    `daemon off; worker_processes 1; pid ${at}.pid; error_log ${at}.log;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 10000000; client_body_temp_path ${at}-body; proxy_temp_path ${at}-proxy;
  fastcgi_temp_path ${at}-f; uwsgi_temp_path ${at}-u; scgi_temp_path ${at}-s;
${blocks(port)}
}
`,
  )
  const child = spawn(programOf('nginx/nginx'), ['-c', conf, '-p', dir], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  await untilOk(url + readyPath)
  return { child, server: used(url, child.pid ?? 0) }
}

/** How one gateway is started. */
export interface GatewaySettings {
  readonly name: string
  readonly databaseUrl: string
  readonly workers?: number
  readonly isCached?: boolean
  readonly nodeFlags?: readonly string[]
}

/** Starts a gateway in a process of its own. */
export async function startGateway(dir: string, settings: GatewaySettings): Promise<Started> {
  const { name, databaseUrl, workers = 1, isCached = true, nodeFlags = [] } = settings
  const port = await freePort()
  const file = join(dir, `${name}.yaml`)
  writeFileSync(
    file,
    JSON.stringify({
      database: { url: databaseUrl },
      // What else the machine does shall not make it refuse.
      gateway: { listenAddress: `127.0.0.1:${port}`, workers, maxLoopDelay: '10s' },
      audit: { spoolDir: join(dir, `spool-${name}`), maxBytes: 4_000_000_000 },
      cache: { enabled: isCached },
      log: { level: 'error' },
    }),
  )
  const main = fileURLToPath(import.meta.resolve('@gatehouse/gateway/main'))
  const child = spawn(process.execPath, [...nodeFlags, main, '--config.file', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const url = `http://127.0.0.1:${port}`
  await untilOk(`${url}/-/ready`)
  return { child, server: used(url, child.pid ?? 0) }
}
