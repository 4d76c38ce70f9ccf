import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Config, loadConfig } from '@gatehouse/config'
import { probeReady } from '@gatehouse/http'
import { Command } from 'commander'

/** Gateway and control, running as child processes of this one. */
export interface Running {
  readonly gatewayUrl: string
  readonly controlUrl: string
  /** Resolves when a service ends by itself (a fault), with its name and exit code. */
  readonly exited: Promise<{ service: string; code: number | null }>
  /** Drains and ends both; resolves when they are gone. */
  stop(): Promise<void>
}

export interface ServeOptions {
  readonly configFile: string
  /** File descriptor for both services' output; default: this process's own. */
  readonly logFile?: number
  /** Told of each process as it is started, so that one left by a kill of this process can be found. */
  readonly onStart?: (service: string, pid: number) => void
}

const services = {
  gateway: fileURLToPath(import.meta.resolve('@gatehouse/gateway/main')),
  control: fileURLToPath(import.meta.resolve('@gatehouse/control/main')),
} as const
const readyTimeoutMs = 30_000

/**
 * Starts gateway and control from one configuration file and waits until both say they are ready.
 * Each is a process of its own, so that a long control-plane call never stalls a query.
 * @throws Error if a service ends or is not ready within 30 s; what was started is stopped first.
 */
export async function serve(options: ServeOptions): Promise<Running> {
  const config = loadConfig(options.configFile)
  const output = options.logFile ?? 'inherit'
  const children = Object.entries(services).map(([service, main]) => {
    const child = spawn(
      process.execPath,
      ['--enable-source-maps', main, '--config.file', options.configFile],
      {
        stdio: ['ignore', output, output],
      },
    )
    if (child.pid !== undefined) options.onStart?.(service, child.pid)
    return { service, child }
  })
  const stop = async (): Promise<void> => {
    await Promise.all(
      children.map(({ child }) => endChild(child, config.gateway.notReadyFor + config.gateway.drain + 5_000)),
    )
  }
  const exited = Promise.race(
    children.map(
      ({ service, child }) =>
        new Promise<{ service: string; code: number | null }>((resolve) => {
          child.once('exit', (code) => resolve({ service, code }))
        }),
    ),
  )
  const urls = {
    gatewayUrl: baseUrl(config.gateway),
    controlUrl: baseUrl(config.control),
  }
  try {
    await Promise.race([
      Promise.all([
        waitReady(urls.gatewayUrl, config.gateway.tls),
        waitReady(urls.controlUrl, config.control.tls),
      ]),
      exited.then(({ service, code }) => {
        throw new Error(`${service} ended with code ${code} before it was ready`)
      }),
    ])
  } catch (error) {
    await stop()
    throw error
  }
  return { ...urls, exited, stop }
}

function baseUrl({ listenAddress, tls }: Pick<Config['gateway'], 'listenAddress' | 'tls'>): string {
  const colon = listenAddress.lastIndexOf(':')
  const host = listenAddress.slice(0, colon)
  const reachable = host === '' || host === '0.0.0.0' || host === '[::]' ? '127.0.0.1' : host
  return `${tls === undefined ? 'http' : 'https'}://${reachable}:${listenAddress.slice(colon + 1)}`
}

async function waitReady(url: string, tls: Config['gateway']['tls']): Promise<void> {
  const deadline = Date.now() + readyTimeoutMs
  while (Date.now() < deadline) {
    if ((await probeReady(url, tls?.certFile)).isReady) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${url} was not ready within ${readyTimeoutMs / 1000} s`)
}

async function endChild(child: ChildProcess, graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
  await gone
  clearTimeout(timer)
}

async function runServe(configFile: string): Promise<void> {
  const running = await serve({ configFile })
  console.error(`gateway ready at ${running.gatewayUrl}, control at ${running.controlUrl}`)
  const signal = new Promise<'signal'>((resolve) => {
    process.once('SIGTERM', () => resolve('signal'))
    process.once('SIGINT', () => resolve('signal'))
  })
  const ended = await Promise.race([signal, running.exited])
  await running.stop()
  if (ended !== 'signal') throw new Error(`${ended.service} ended with code ${ended.code}`)
}

/** Checks the configuration file; the parsed result is what the services would use. */
function checkConfig(file: string): Config {
  const config = loadConfig(file)
  if (config.database.url === undefined)
    throw new Error(`${file}: database.url or database.urlFile is required`)
  return config
}

/** `gatehouse serve`: the production path; `npm start` runs the same code. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('run gateway and control against an existing Postgres, Prometheus and identity provider')
    .requiredOption('--config.file <path>', 'configuration file (YAML)')
    .option('--config.check', 'only check the configuration, then exit')
    .action(async (options: Record<string, string | boolean>) => {
      const file = String(options['config.file'])
      checkConfig(file)
      if (options['config.check'] === true) console.log(`${file} is valid`)
      else await runServe(file)
    })
}
