import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../../../..')
const binary = join(root, '.tools/redis/redis-server')

export interface TestRedis {
  readonly port: number
  readonly url: string
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void
  stop(): Promise<void>
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

/** Starts a real Redis without persistence on the loopback interface. */
export async function startTestRedis(options: readonly string[] = [], port?: number): Promise<TestRedis> {
  if (!existsSync(binary))
    execFileSync('sh', ['scripts/setup-tools.sh', 'redis'], { cwd: root, stdio: 'inherit' })
  const at = port ?? (await freePort())
  const settings = [
    '--port',
    String(at),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    '/tmp',
  ]
  const child = spawn(binary, [...settings, ...options], { stdio: 'ignore' })
  // A test that fails may not come to stop it.
  const end = (): void => void child.kill('SIGKILL')
  process.once('exit', end)
  child.once('exit', () => process.off('exit', end))
  await accepts(child, at)
  return {
    port: at,
    url: `redis://127.0.0.1:${at}`,
    signal: (name) => void child.kill(name),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await gone
    },
  }
}

async function accepts(child: ChildProcess, port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (child.exitCode !== null) throw new Error(`redis-server exited with ${child.exitCode}`)
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true))
      socket.once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (isUp) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('redis-server does not accept connections')
}

/** Forwards to a Redis, changing what comes back: the network, or a server that lies. */
export interface TestProxy {
  readonly url: string
  delayMs: number
  /** Changes the bytes of replies. */
  garble: ((bytes: Buffer) => Buffer) | undefined
  close(): void
}

export async function startTestProxy(target: number): Promise<TestProxy> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (bytes) => upstream.write(bytes))
    upstream.on('data', (bytes) => {
      const reply = proxy.garble === undefined ? bytes : proxy.garble(bytes)
      if (proxy.delayMs === 0) client.write(reply)
      else setTimeout(() => client.destroyed || client.write(reply), proxy.delayMs)
    })
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const proxy: TestProxy = {
    url: `redis://127.0.0.1:${port}`,
    delayMs: 0,
    garble: undefined,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
  return proxy
}

/** Waits until `isTrue`, at most five seconds. */
export async function eventually(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if (await isTrue()) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('it never came true')
}
