import type { Shard, UpstreamRequest } from '@gatehouse/query'
import type { Metrics } from '@gatehouse/telemetry'
import { type Clients, createClients } from './clients.ts'
import type { Connections } from './connections.ts'
import type { Coverage } from './coverage.ts'
import type { Exchange } from './exchange.ts'
import { fillGaps } from './fill/fill-gaps.ts'
import { judge } from './judge.ts'
import { createLiveness } from './liveness.ts'
import { createUpstreamMetrics } from './metrics.ts'
import { type Attempt, type Candidate, Race } from './race.ts'
import { unreachable } from './refusal.ts'
import type { ConnectionOptions, ReplicaClient } from './replica.ts'
import { createShardStates } from './shard-state.ts'

/** The body of an answer, and when the replica says it made it. */
export type UpstreamBody = Pick<Exchange, 'date' | 'contentLength' | 'attach' | 'resume' | 'abort'>

/** A usable answer: status 200, a JSON object or the text that was asked for, not encoded; its body stands still. The holder must attach a sink or abort it. */
export interface UpstreamAnswer {
  readonly exchange: UpstreamBody
  /** Name of the replica that answered. */
  readonly replica: string
}

/** The client of all shards. */
export interface Upstream {
  /**
   * Asks the replicas of a shard, the best one first, until one gives a usable answer. Nothing is retried after that.
   * @throws GatehouseError `unavailable`, `bad_gateway`, `execution`, `bad_data`, `timeout`, `too_many_requests`; the signal's
   *   reason if that aborted it.
   */
  open(shard: Shard, request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamAnswer>
  close(): Promise<void>
}

export interface UpstreamDeps {
  /** How addresses are reached. */
  readonly connections: Connections
  readonly options: ConnectionOptions
  /** Longest answer of a shard, bytes. */
  readonly maxResponseBytes: number
  readonly metrics: Metrics
  /** Whether all replicas of a shard are asked, so that one fills the gaps of another. */
  readonly fillsGaps?: boolean
}

/** Longest answer of one replica that is held to be put together with another's. */
const maxFilledBytes = 33_554_432
/** No request is worth a second one so soon. */
const soonestHedgeMs = 50
/** A replica that hangs costs no more than this. */
const latestHedgeMs = 2_000
/** While nothing is known of how long answers take. */
const usualHedgeMs = 1_000
/** Latencies below do not tell replicas apart. */
const quickMs = 8

/** Requests it has and how long they take, in powers of two, so that equals stay in the configured order. */
function costOf({ client: { inFlight, latency } }: Candidate): number {
  return (inFlight + 1) * 2 ** Math.round(Math.log2(Math.max(latency.average, quickMs) / quickMs))
}

/** The most complete first, then the one least busy. */
function inOrder(candidates: readonly Candidate[], { missing }: Coverage): readonly Candidate[] {
  return candidates
    .map((candidate) => ({
      candidate,
      missing: missing(candidate.replica.url),
      cost: costOf(candidate),
    }))
    .toSorted((a, b) => a.missing - b.missing || a.cost - b.cost)
    .map(({ candidate }) => candidate)
}

function candidatesOf(shard: Shard, clients: Clients): readonly Candidate[] {
  return shard.replicas.flatMap((replica) => {
    const client = clients.of(replica.url)
    return client === undefined ? [] : [{ replica, client }]
  })
}

/** Creates the client of all shards; connections are made on use. */
export function createUpstream(deps: UpstreamDeps): Upstream {
  const { connections, options, maxResponseBytes, metrics, fillsGaps = false } = deps
  const clients = createClients(connections, options)
  const states = createShardStates()
  const liveness = createLiveness()
  const { observe, hedged } = createUpstreamMetrics(metrics)

  /** Those that may be asked, the best first. */
  const ranked = (candidates: readonly Candidate[], coverage: Coverage): readonly Candidate[] => {
    if (candidates.length === 1) return candidates
    coverage.refresh(new Map(candidates.map(({ replica, client }) => [replica.url, client])))
    const closed = candidates.filter(({ client }) => !client.breaker.isOpen)
    // With none left, requests themselves find out who is back.
    const isSettled = closed.length === 0 || closed.length === candidates.length
    const ready = isSettled
      ? candidates
      : candidates.filter((one) => !one.client.breaker.isOpen || liveness.mayReturn(one))
    return inOrder(ready, coverage)
  }

  const attempt = (client: ReplicaClient, request: UpstreamRequest, signal: AbortSignal): Attempt => {
    const { head, abort } = client.send(request, signal)
    const run = async () => {
      let exchange: Exchange
      try {
        exchange = await head
      } catch (error) {
        return unreachable(error as Error)
      }
      return (await judge(exchange, request, maxResponseBytes)) ?? exchange
    }
    return { result: run(), abort }
  }

  const upstream: Upstream = {
    async open(shard, request, signal) {
      signal.throwIfAborted()
      const { coverage, heads, retries, hedges } = states.of(shard)
      const candidates = candidatesOf(shard, clients)
      retries.earn()
      hedges.earn()
      const startedAt = performance.now()
      const { exchange, candidate } = await new Race(ranked(candidates, coverage), {
        signal,
        hedgeAfter: Math.min(Math.max(heads.value ?? usualHedgeMs, soonestHedgeMs), latestHedgeMs),
        retries,
        hedges,
        start: (client) => attempt(client, request, signal),
        check: liveness.check,
        observe: (replica) => observe(shard.name, replica),
        onHedge: () => hedged(shard.name),
      }).run()
      heads.observe(performance.now() - startedAt)
      return { exchange, replica: candidate.replica.name }
    },
    async close() {
      await clients.close()
    },
  }
  if (!fillsGaps) return upstream
  const preferred = (shard: Shard): Shard => {
    const { coverage } = states.of(shard)
    const candidates = candidatesOf(shard, clients)
    coverage.refresh(new Map(candidates.map(({ replica, client }) => [replica.url, client])))
    return { ...shard, replicas: inOrder(candidates, coverage).map(({ replica }) => replica) }
  }
  return fillGaps(upstream, preferred, maxFilledBytes)
}
