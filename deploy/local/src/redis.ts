import { connect } from 'node:net'
import { serverDir } from './process/account.ts'
import { type Server, type ServerOptions, startServer } from './process/server.ts'
import { toolPath } from './tools.ts'

/** How to start one Redis. */
export interface RedisOptions extends ServerOptions {
  /** More directives, for example `{ maxmemory: '64mb' }`. */
  readonly settings?: Readonly<Record<string, string>>
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const end = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(2_000, () => end(false))
    socket.once('error', () => end(false))
    socket.once('connect', () => socket.write('PING\r\n'))
    // A server that wants a password is ready too: it says -NOAUTH.
    socket.once('data', (data) => end(/^(\+PONG|-NOAUTH)/.test(data.toString())))
  })
}

/**
 * Starts a Redis on loopback that keeps nothing on disk, and waits until it answers.
 * @throws Error when it is not unpacked (`ensureTools`), or with its own words when it does not start.
 */
export function startRedis(options: RedisOptions): Promise<Server> {
  const command = toolPath('redis/redis-server')
  if (command === undefined) throw new Error('redis is absent: run scripts/setup-tools.sh')
  const dir = serverDir(options.dataDir)
  const settings = { bind: '127.0.0.1', save: '', appendonly: 'no', dir, ...options.settings }
  return startServer(
    {
      title: 'Redis',
      scheme: 'redis',
      command,
      isReady: answersPing,
      arguments: (port) => [
        '--port',
        String(port),
        ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
      ],
    },
    options,
  )
}
