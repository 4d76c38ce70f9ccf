import { randomUUID } from 'node:crypto'
import { exactKey, extentKey, type KeyParts, type TimeRange } from '@gatehouse/query'
import { GatehouseError } from '@gatehouse/errors'
import { LRUCache } from 'lru-cache'
import type { CacheMetrics } from '../metrics.ts'
import {
  afterWaiting,
  type CachedAnswer,
  type CacheOutcome,
  type CacheRequest,
  type Fetch,
  type Fetched,
} from '../model.ts'
import type { ResultsCache } from '../results-cache.ts'
import { leavingError } from '../single-flight.ts'
import { gzipped } from '../texts.ts'
import type { Near } from './near.ts'
import type { Handlers, Peer } from './peer.ts'

/** A stream as the cache of a process knows it: one of its own, or one that another process holds. */
export type Streamed<S> =
  | { readonly at: 'here'; readonly stream: S }
  | { readonly at: 'peer'; readonly peer: Peer; readonly handle: string }

/** The processes of a gateway, as far as the cache is concerned. */
export interface Neighbours {
  /** Number of this process, from 0. */
  readonly slot: number
  readonly count: number
  /** The process of a slot while it can be reached; undefined for this one. */
  peer(slot: number): Peer | undefined
}

export interface SharedResultsDeps<S> {
  readonly local: ResultsCache<Streamed<S>>
  readonly neighbours: Neighbours
  readonly near: Near
  readonly metrics: CacheMetrics
  /** Gives a stream up that nobody takes. */
  readonly drop: (stream: S, reason: Error) => void
}

type WireRequest = Omit<CacheRequest, 'signal'> & { readonly ticket: string }
type WireAnswer =
  | {
      readonly kind: 'body'
      readonly isComplete: boolean
      readonly answeredBy: CachedBody['answeredBy']
      readonly samples?: number | undefined
      readonly freshMs: number
      readonly outcome: CacheOutcome
    }
  | { readonly kind: 'stream'; readonly handle: string; readonly outcome: CacheOutcome }
  /** A stream that a third process holds: it can be had from there only. */
  | { readonly kind: 'elsewhere' }
type WireFetched =
  | (Omit<Extract<Fetched<never>, { kind: 'body' }>, 'body'> & { readonly kind: 'body' })
  | { readonly kind: 'stream'; readonly handle: string; readonly queued: number }
interface WireDemand {
  readonly ticket: string
  readonly range: TimeRange | undefined
  readonly mayStream: boolean
  readonly waited: number
}
type CachedBody = Extract<CachedAnswer<never>, { kind: 'body' }>

/** A fetch may be asked for until then: for others that share it, or to refresh what has expired. */
const ticketMs = 60_000
const maxTickets = 20_000
/** A stream is taken as soon as its handle has gone to its caller and back. */
const handleMs = 5_000

/** -Infinity, the latest time of an expression that names none, is nothing that JSON can hold. */
const fromJson = (request: WireRequest): WireRequest => {
  const { facts } = request
  return facts.latestAt === null
    ? { ...request, facts: { ...facts, latestAt: Number.NEGATIVE_INFINITY } }
    : request
}

function slotOf(key: string, count: number): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % count
}

/** Tells how long ago it was made; ms. */
function stopwatch(): () => number {
  const began = performance.now()
  return () => performance.now() - began
}

/** All windows of one expression belong to one process, which extends what it knows of it. */
function ownerOf(key: KeyParts, count: number): number {
  return slotOf(key.times.kind === 'range' ? extentKey(key) : exactKey(key), count)
}

/** Gives a stream up wherever it is. @param drop For one of this process. */
export function dropStreamed<S>(stream: Streamed<S>, drop: (stream: S, reason: Error) => void): void {
  if (stream.at === 'here') drop(stream.stream, new GatehouseError('canceled', 'nobody can take the answer'))
  else void stream.peer.call('drop', { value: stream.handle }).catch(() => {})
}

/** While it is waited for a process, it is asked so often whether it lives; one that does not answer until the next time hangs, ms. */
const pingMs = 1_000

/** A signal that aborts with `signal`, and when the process hangs. */
function watchLife(peer: Peer, signal: AbortSignal): { readonly signal: AbortSignal; end(): void } {
  const given = new AbortController()
  let isAnswered = true
  const ping = (): void => {
    if (!isAnswered)
      return given.abort(new GatehouseError('unavailable', 'a process of the gateway does not answer'))
    isAnswered = false
    peer.call('ping', { value: null }, given.signal).then(
      () => (isAnswered = true),
      () => undefined,
    )
  }
  const leave = (): void => given.abort(leavingError(signal))
  if (signal.aborted) leave()
  signal.addEventListener('abort', leave, { once: true })
  const timer = setInterval(ping, pingMs).unref()
  return {
    signal: given.signal,
    end() {
      clearInterval(timer)
      signal.removeEventListener('abort', leave)
    },
  }
}

/** One cache of all processes of a gateway: each has the entries of some keys, and asks the others for theirs. */
export function createSharedResults<S>(deps: SharedResultsDeps<S>): {
  readonly results: ResultsCache<S>
  readonly handlers: Handlers
} {
  const { local, neighbours, near, metrics, drop } = deps
  const tickets = new LRUCache<string, Fetch<S>>({ max: maxTickets, ttl: ticketMs })
  const streams = new LRUCache<string, { stream: S }>({
    max: maxTickets,
    ttl: handleMs,
    ttlAutopurge: true,
    dispose({ stream }, _handle, reason) {
      if (reason === 'evict' || reason === 'expire')
        drop(stream, new GatehouseError('canceled', 'nobody took the answer'))
    },
  })

  const dropHeld = (handle: string): void => {
    const held = streams.get(handle)
    streams.delete(handle)
    if (held !== undefined) drop(held.stream, new GatehouseError('canceled', 'nobody took the answer'))
  }

  /** What fetches of other processes for callers of theirs tell when they have their slots, by ticket. */
  const tellers = new Map<string, () => void>()

  const here = (fetch: Fetch<S>): Fetch<Streamed<S>> => {
    return async (demand) => {
      const fetched = await fetch(demand)
      return fetched.kind === 'body'
        ? fetched
        : { ...fetched, stream: { at: 'here', stream: fetched.stream } }
    }
  }

  /** Asks the shards for this caller alone. */
  const alone = async (request: CacheRequest, fetch: Fetch<S>): Promise<CachedAnswer<S>> => {
    const outcome: CacheOutcome = { result: 'bypass', reason: undefined, fetched: [], isShared: false }
    const fetched = await fetch({ range: undefined, signal: request.signal, mayStream: true })
    if (fetched.kind === 'stream') return { kind: 'stream', stream: fetched.stream, outcome }
    const { body, isComplete, samples, answeredBy = [] } = fetched
    return {
      kind: 'body',
      body,
      isComplete,
      answeredBy,
      samples,
      freshMs: 0,
      gzip: () => gzipped(body),
      outcome,
    }
  }

  const cachedHere = async (request: CacheRequest, fetch: Fetch<S>): Promise<CachedAnswer<S>> => {
    const waited = stopwatch()
    const answer = await local.cached(request, here(fetch))
    if (answer.kind === 'body') return answer
    const { stream, outcome } = answer
    if (stream.at === 'here') return { kind: 'stream', stream: stream.stream, outcome }
    giveUp(stream)
    return alone(request, afterWaiting(fetch, waited()))
  }

  const giveUp = (stream: Streamed<S>): void => dropStreamed(stream, drop)

  const cachedThere = async (
    peer: Peer,
    request: CacheRequest,
    fetch: Fetch<S>,
  ): Promise<CachedAnswer<S>> => {
    const ticket = randomUUID()
    tickets.set(ticket, fetch)
    const waited = stopwatch()
    const { signal, ...rest } = request
    const { value, body = Buffer.alloc(0) } = await peer.call(
      'cached',
      { value: { ...rest, ticket } },
      signal,
      (late) => {
        const answered = late.value as WireAnswer
        if (answered.kind === 'stream') dropHeld(answered.handle)
      },
    )
    const answer = value as WireAnswer
    switch (answer.kind) {
      case 'elsewhere':
        return alone(request, afterWaiting(fetch, waited()))
      case 'stream': {
        const held = streams.get(answer.handle)
        streams.delete(answer.handle)
        if (held === undefined) return alone(request, afterWaiting(fetch, waited()))
        return { kind: 'stream', stream: held.stream, outcome: answer.outcome }
      }
      case 'body': {
        const { isComplete, answeredBy, samples, freshMs, outcome } = answer
        if (freshMs > 0 && outcome.result !== 'stale') near.set(exactKey(request.key), body, freshMs)
        return {
          kind: 'body',
          body,
          isComplete,
          answeredBy,
          samples,
          freshMs,
          gzip: () => gzipped(body),
          outcome,
        }
      }
    }
  }

  const results: ResultsCache<S> = {
    explain: (request) => local.explain(request),
    async cached(request, fetch) {
      const { count, slot } = neighbours
      const owner = request.noStore ? slot : ownerOf(request.key, count)
      if (owner === slot) return cachedHere(request, fetch)
      const copy = near.get(exactKey(request.key))
      if (copy !== undefined) {
        metrics.requests.inc({ endpoint: request.key.endpoint, result: 'hit' })
        const outcome: CacheOutcome = { result: 'hit', reason: undefined, fetched: [], isShared: false }
        return {
          kind: 'body',
          ...copy,
          isComplete: true,
          answeredBy: [],
          samples: undefined,
          freshMs: 0,
          outcome,
        }
      }
      const peer = neighbours.peer(owner)
      // While that process is away, each does its work for itself.
      if (peer === undefined) return cachedHere(request, fetch)
      const waited = stopwatch()
      const alive = watchLife(peer, request.signal)
      return cachedThere(peer, { ...request, signal: alive.signal }, fetch)
        .catch((error: unknown) => {
          if (request.signal.aborted || (peer.isUp && !alive.signal.aborted)) throw error
          return cachedHere(request, afterWaiting(fetch, waited()))
        })
        .finally(alive.end)
    },
  }

  /** The fetch of a caller in another process, done there. */
  const fetchAt =
    (peer: Peer, ticket: string): Fetch<Streamed<S>> =>
    async ({ range, mayStream, signal, waited = 0, started }) => {
      const demand: WireDemand = { ticket, range, mayStream, waited }
      // All parts of one answer are fetched for one caller, who has started with the first that has its slots.
      if (started !== undefined) tellers.set(ticket, started)
      const { value, body = Buffer.alloc(0) } = await peer
        .call('fetch', { value: demand }, signal, (late) => {
          const answered = late.value as WireFetched
          if (answered.kind === 'stream') giveUp({ at: 'peer', peer, handle: answered.handle })
        })
        .catch((error: unknown) => {
          // It is the caller that is gone, not the answer: whoever else waits for it asks next.
          throw peer.isUp ? error : new GatehouseError('canceled', 'the process that asked has ended')
        })
        .finally(() => tellers.delete(ticket))
      const fetched = value as WireFetched
      if (fetched.kind === 'stream') {
        const { handle, queued } = fetched
        return { kind: 'stream', stream: { at: 'peer', peer, handle }, queued }
      }
      return { ...fetched, body }
    }

  const handlers: Handlers = {
    async cached(value, { signal, peer }) {
      const { ticket, ...request } = fromJson(value as WireRequest)
      const answer = await local.cached({ ...request, signal }, fetchAt(peer, ticket))
      if (answer.kind === 'body') {
        const { body, isComplete, answeredBy, samples, freshMs, outcome } = answer
        return {
          value: { kind: 'body', isComplete, answeredBy, samples, freshMs, outcome } satisfies WireAnswer,
          body,
        }
      }
      const { stream, outcome } = answer
      if (stream.at === 'peer' && stream.peer === peer)
        return { value: { kind: 'stream', handle: stream.handle, outcome } satisfies WireAnswer }
      giveUp(stream)
      return { value: { kind: 'elsewhere' } satisfies WireAnswer }
    },
    async ping() {
      return { value: undefined }
    },
    async started(value) {
      tellers.get(String(value))?.()
      return { value: undefined }
    },
    async fetch(value, { signal, peer }) {
      const { ticket, range, mayStream, waited } = value as WireDemand
      const fetch = tickets.get(ticket)
      // Its caller has gone long since: the next one's fetch runs.
      if (fetch === undefined) throw new GatehouseError('canceled', 'the request is no longer known')
      const started = (): void => void peer.call('started', { value: ticket }).catch(() => {})
      const fetched = await fetch({ range, mayStream, signal, waited, started })
      if (fetched.kind === 'body') {
        const { body, ...rest } = fetched
        return { value: rest satisfies WireFetched, body }
      }
      const handle = randomUUID()
      streams.set(handle, { stream: fetched.stream })
      const { queued } = fetched
      return { value: { kind: 'stream', handle, queued } satisfies WireFetched }
    },
    async drop(value) {
      dropHeld(String(value))
      return { value: undefined }
    },
  }
  return { results, handlers }
}
