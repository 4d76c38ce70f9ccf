import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { defaultKeeper } from './default-keeper.ts'
import type { Child, Keeper } from './keeper.ts'
import { tellingLine } from './log.ts'
import { freePort, isPortFree } from './ports.ts'

/** What every server's launcher takes. */
export interface ServerOptions {
  /** Where its data is kept; its log is `<dataDir>.log`. */
  readonly dataDir: string
  /** Loopback port; a free one by default. */
  readonly port?: number
  readonly keeper?: Keeper
}

/** A running server on loopback. */
export interface Server {
  readonly url: string
  readonly port: number
  readonly pid: number
  readonly logFile: string
  /** Resolves when it has ended, whatever ended it. */
  readonly exited: Child['exited']
  /** Ends it in good order. */
  stop(): Promise<void>
  /** Ends it with SIGKILL. */
  kill(): Promise<void>
}

/** How one kind of server is started. */
export interface ServerKind {
  /** For errors: `Prometheus`. */
  readonly title: string
  readonly scheme: 'http' | 'redis'
  readonly command: string
  arguments(port: number): string[]
  isReady(port: number): Promise<boolean>
}

const readyTimeoutMs = 60_000

async function becomesReady(child: Child, isReady: () => Promise<boolean>): Promise<boolean> {
  let ended = false
  void child.exited.then(() => {
    ended = true
  })
  for (const deadline = Date.now() + readyTimeoutMs; Date.now() < deadline && !ended; await sleep(20)) {
    if (await isReady()) return !ended
  }
  await child.kill()
  return false
}

/**
 * Starts a server and waits until it is ready.
 * @throws Error with the server's own last words when it is not.
 */
export async function startServer(kind: ServerKind, options: ServerOptions): Promise<Server> {
  const keeper = options.keeper ?? defaultKeeper()
  const logFile = `${options.dataDir}.log`
  // A server on that port would answer for ours.
  if (options.port !== undefined && !(await isPortFree(options.port)))
    throw new Error(`${kind.title} did not start: port ${options.port} is already in use`)
  // Another process may take a free port before the server does; a port that was asked for is not exchanged.
  for (let attempt = options.port === undefined ? 3 : 1; ; attempt--) {
    const port = options.port ?? (await freePort())
    const child = keeper.start({
      name: basename(options.dataDir),
      command: kind.command,
      args: kind.arguments(port),
      logFile,
    })
    if (await becomesReady(child, () => kind.isReady(port))) {
      const { pid, exited } = child
      const url = `${kind.scheme}://127.0.0.1:${port}`
      return { url, port, pid, logFile, exited, stop: () => child.stop(), kill: () => child.kill() }
    }
    const reason = tellingLine(logFile)
    if (attempt === 1 || !/in use/i.test(reason))
      throw new Error(`${kind.title} did not start: ${reason} (see ${logFile})`)
  }
}

/** True when `GET path` on this loopback port answers 2xx. */
export async function isHttpReady(port: number, path: string): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5_000) })
    await response.body?.cancel()
    return response.ok
  } catch {
    return false
  }
}
