import { GatehouseError } from '@gatehouse/errors'
import type { Replica, Shard, UpstreamRequest } from '@gatehouse/query'
import type { Metrics } from '@gatehouse/telemetry'
import { Exchange } from './exchange.ts'
import { createUpstreamMetrics, type Outcome } from './metrics.ts'
import { readBody, tooLarge } from './read-body.ts'
import { type Failure, mapRefusal, unreachable, unusable } from './refusal.ts'
import { type ConnectionOptions, createReplicaClient, type ReplicaClient } from './replica.ts'

/** A usable answer: status 200, a JSON object or the text that was asked for, not encoded; its body stands still. The holder must attach a sink or abort it. */
export interface UpstreamAnswer {
  readonly exchange: Exchange
  /** Name of the replica that answered. */
  readonly replica: string
}

/** The client of all shards. */
export interface Upstream {
  /**
   * Asks the replicas of a shard in turn until one gives a usable answer. Nothing is retried after that.
   * @throws GatehouseError `unavailable`, `bad_gateway`, `execution`, `bad_data`, `timeout`, `too_many_requests`; the signal's
   *   reason if that aborted it.
   */
  open(shard: Shard, request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamAnswer>
  close(): Promise<void>
}

export interface UpstreamDeps {
  readonly connections: ConnectionOptions
  /** Longest answer of a shard, bytes. */
  readonly maxResponseBytes: number
  readonly metrics: Metrics
}

const maxErrorBytes = 65_536
const unusedAfterMs = 600_000

interface Known {
  readonly client: ReplicaClient
  usedAt: number
}

/** Clients by URL. Those of replicas no data source names any more are closed after ten minutes. */
function createClients(options: ConnectionOptions) {
  const known = new Map<string, Known>()
  const dropUnused = (): void => {
    for (const [url, { client, usedAt }] of known) {
      if (performance.now() - usedAt < unusedAfterMs || client.inFlight > 0) continue
      known.delete(url)
      void client.close()
    }
  }
  return {
    of(url: string): ReplicaClient {
      let entry = known.get(url)
      if (entry === undefined) {
        dropUnused()
        entry = { client: createReplicaClient(url, options), usedAt: 0 }
        known.set(url, entry)
      }
      entry.usedAt = performance.now()
      return entry.client
    },
    close: () => Promise.all([...known.values()].map(({ client }) => client.close())),
  }
}

async function readRefusal(exchange: Exchange): Promise<string> {
  try {
    return (await readBody(exchange, maxErrorBytes)).toString('utf8')
  } catch (error) {
    return String(error)
  }
}

const openingBrace = 0x7b

function isAsked({ contentType, firstByte }: Exchange, { exposition }: UpstreamRequest): boolean {
  if (exposition !== undefined) return /^text\/plain\s*(;|$)/i.test(contentType)
  return /^application\/json\s*(;|$)/i.test(contentType) && firstByte === openingBrace
}

/** What is wrong with an answer, or undefined if its body may be passed on. */
async function judge(
  exchange: Exchange,
  request: UpstreamRequest,
  maxResponseBytes: number,
): Promise<Failure | undefined> {
  const { status, contentType, contentEncoding, contentLength, isFramed, firstByte } = exchange
  if (status >= 400) return mapRefusal(status, await readRefusal(exchange))
  const isPlain = contentEncoding === '' || contentEncoding === 'identity'
  const head = `status ${status}, content type ${contentType}, content encoding ${contentEncoding}`
  const failure =
    status !== 200 || !isAsked(exchange, request) || !isPlain || !isFramed
      ? unusable(`${head}, first byte ${firstByte}, ${isFramed ? '' : 'un'}framed`)
      : (contentLength ?? 0) > maxResponseBytes
        ? { error: tooLarge(maxResponseBytes), mayRetry: false, isReplicaFault: false }
        : undefined
  if (failure !== undefined) exchange.abort(failure.error)
  return failure
}

/** Creates the client of all shards; connections are made on use. */
export function createUpstream({ connections, maxResponseBytes, metrics }: UpstreamDeps): Upstream {
  const clients = createClients(connections)
  const observe = createUpstreamMetrics(metrics)

  /** Fewest requests in flight first; the configured order decides between equals, so that a quiet gateway stays with one copy. */
  const inOrder = (shard: Shard): readonly Replica[] =>
    shard.replicas.toSorted((a, b) => clients.of(a.url).inFlight - clients.of(b.url).inFlight)

  const attempt = async (client: ReplicaClient, request: UpstreamRequest, signal: AbortSignal) => {
    let exchange: Exchange
    try {
      exchange = await client.send(request, signal)
    } catch (error) {
      return unreachable(error as Error)
    }
    return (await judge(exchange, request, maxResponseBytes)) ?? exchange
  }

  const record = (client: ReplicaClient, result: Exchange | Failure, signal: AbortSignal): Outcome => {
    if (result instanceof Exchange) {
      client.breaker.succeeded()
      return 'answered'
    }
    if (signal.aborted) {
      client.breaker.unknown()
      return 'canceled'
    }
    if (!result.isReplicaFault) {
      client.breaker.succeeded()
      return 'refused'
    }
    client.breaker.failed()
    return 'failed'
  }

  return {
    async open(shard, request, signal) {
      let last: Failure | undefined
      for (const replica of inOrder(shard)) {
        signal.throwIfAborted()
        const client = clients.of(replica.url)
        if (!client.breaker.tryEnter()) continue
        const done = observe(shard.name, replica.name)
        const result = await attempt(client, request, signal)
        done(record(client, result, signal))
        if (result instanceof Exchange) return { exchange: result, replica: replica.name }
        signal.throwIfAborted()
        last = result
        if (!result.mayRetry) break
      }
      throw last?.error ?? new GatehouseError('unavailable', 'the shard that holds this data is unavailable')
    },
    async close() {
      await clients.close()
    },
  }
}
