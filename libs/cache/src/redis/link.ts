import type { Logger } from '@gatehouse/telemetry'
import { createClient, ErrorReply, RESP_TYPES } from 'redis'
import type { CacheMetrics, RedisResult } from '../metrics.ts'

function createRedisClient(url: string, connectTimeout: number) {
  return createClient({
    url,
    RESP: 3,
    // Nothing waits for a connection: without one every command fails at once.
    disableOfflineQueue: true,
    commandsQueueMaxLength: 2_000,
    socket: { connectTimeout, reconnectStrategy: false },
    // The client's own timeout covers only commands not yet sent; `run` bounds all. 0 is none.
    commandOptions: { timeout: 0, typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  })
}

/** The connected client, which answers strings as buffers. */
export type RedisClient = ReturnType<typeof createRedisClient>

/** A connection to Redis that may fail in any way without its users waiting or failing. */
export interface RedisLink {
  /**
   * Runs a command. Undefined if Redis gives no answer within the timeout or an error, and at once while it rests.
   */
  run<T>(kind: CommandKind, command: (client: RedisClient) => Promise<T>): Promise<T | undefined>
  readonly isUp: boolean
  close(): Promise<void>
}

export type CommandKind = 'read' | 'write' | 'lease' | 'claim'

export interface RedisLinkOptions {
  readonly url: string
  /** Longest time a command may take, ms. */
  readonly timeout: number
  readonly metrics: CacheMetrics
  readonly log: Logger
}

const failuresToRest = 3
const firstRestMs = 250
const longestRestMs = 5_000
const connectTimeoutMs = 1_000
/** A full or read-only Redis still answers reads; writes pause for so long. */
const writePauseMs = 1_000
const timedOut = Symbol('timed out')

/**
 * Waits for `promise` at most `ms`. What came while this process was busy with something else is in time. A later rejection is
 * nobody's concern.
 */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | typeof timedOut> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<typeof timedOut>((resolve) => {
    timer = setTimeout(() => setImmediate(() => resolve(timedOut)), ms)
  })
  try {
    return await Promise.race([promise, timeout])
  } finally {
    clearTimeout(timer)
    promise.catch(() => {})
  }
}

async function isReady(client: RedisClient, timeout: number): Promise<boolean> {
  try {
    if ((await within(connectTimeoutMs, client.connect())) === timedOut) return false
    return (await within(timeout, client.ping())) !== timedOut
  } catch {
    return false
  }
}

/**
 * Connects in the background. After three failures in a row, or when the connection breaks, it rests: commands are skipped and
 * a new connection is tried after 250 ms, then twice as long up to 5 s, until Redis answers a `PING` in time.
 */
export function createRedisLink({ url, timeout, metrics, log }: RedisLinkOptions): RedisLink {
  let client: RedisClient | undefined
  let failures = 0
  let restMs = firstRestMs
  let writesPausedUntil = 0
  let timer: NodeJS.Timeout | undefined
  let connecting: Promise<void> | undefined
  let isClosed = false
  metrics.redisUp.set(0)

  const drop = (old: RedisClient): void => {
    // Destroying a client whose socket is gone already would throw.
    if (old.isOpen) old.destroy()
  }

  const rest = (why: string): void => {
    if (client !== undefined) {
      const old = client
      client = undefined
      drop(old)
      metrics.redisUp.set(0)
      if (!isClosed) log.warn({ why }, 'results cache: Redis is not used until it answers again')
    }
    if (isClosed || timer !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      connecting = connect()
    }, restMs)
    timer.unref()
    restMs = Math.min(restMs * 2, longestRestMs)
  }

  const connect = async (): Promise<void> => {
    const fresh = createRedisClient(url, connectTimeoutMs)
    fresh.on('error', (error: Error) => client === fresh && rest(error.message))
    if (!(await isReady(fresh, timeout)) || isClosed) {
      drop(fresh)
      return rest('connecting failed')
    }
    client = fresh
    failures = 0
    restMs = firstRestMs
    metrics.redisUp.set(1)
    log.info('results cache: Redis is used')
  }

  const fail = (kind: CommandKind, result: RedisResult, why: string, isServer: boolean): undefined => {
    metrics.redisCommands.inc({ command: kind, result })
    if (kind !== 'read' && isServer) writesPausedUntil = performance.now() + writePauseMs
    else if (++failures >= failuresToRest) rest(why)
    return undefined
  }

  connecting = connect()
  return {
    async run(kind, command) {
      const isPaused = kind !== 'read' && performance.now() < writesPausedUntil
      if (client === undefined || isPaused) {
        metrics.redisCommands.inc({ command: kind, result: 'skipped' })
        return undefined
      }
      try {
        const reply = await within(timeout, command(client))
        if (reply === timedOut) return fail(kind, 'timeout', 'no answer in time', false)
        failures = 0
        metrics.redisCommands.inc({ command: kind, result: 'ok' })
        return reply
      } catch (error) {
        return fail(kind, 'error', String(error), error instanceof ErrorReply)
      }
    },
    get isUp() {
      return client !== undefined
    },
    async close() {
      isClosed = true
      clearTimeout(timer)
      await connecting
      if (client !== undefined) rest('closed')
    },
  }
}
