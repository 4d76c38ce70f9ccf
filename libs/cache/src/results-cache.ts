import { isGatehouseError } from '@gatehouse/errors'
import {
  annotationsOf,
  type BypassReason,
  bypassReason,
  exactKey,
  hasWarnings,
  settledUntil,
} from '@gatehouse/query'
import type { Memory, RenderedEntry } from './memory.ts'
import type { CacheMetrics } from './metrics.ts'
import {
  afterWaiting,
  telling,
  type CachedAnswer,
  type CacheOutcome,
  type CacheRequest,
  type Clock,
  type Fetch,
  type Fetched,
} from './model.ts'
import { createRanges, type MadeAnswer } from './ranges.ts'
import type { SharedLevel } from './redis/shared-level.ts'
import { createSingleFlight } from './single-flight.ts'
import { createTexts, gzipped } from './texts.ts'

/** Bounds, in ms and bytes; the `cache` section of the configuration has them. */
export interface ResultsCacheOptions {
  readonly maxEntryBytes: number
  readonly maxAge: number
  readonly repeatTtl: number
  readonly lookupTtl: number
  readonly errorTtl: number
}

export interface ResultsCacheDeps<S> {
  readonly memory: Memory
  /** The second level, if there is one. */
  readonly shared: SharedLevel | undefined
  readonly metrics: CacheMetrics
  readonly clock: Clock
  readonly options: ResultsCacheOptions
  /** Gives a stream up that nobody takes. */
  readonly drop: (stream: S) => void
}

/** What *explain* shows about caching a request, without running it. */
export interface CacheExplanation {
  readonly bypass: BypassReason | undefined
  /** Samples after this time are not kept; ms since the epoch. */
  readonly settledUntil: number
}

/** The results cache, for requests that have been authorised. `S` is the kind of stream for answers too large to hold. */
export interface ResultsCache<S> {
  /**
   * Answers from the cache, or fetches what it lacks; equal requests at one time share one fetch. `fetch` may run after its
   * own request has been answered: for others that share it, or to refresh a stale entry.
   * @throws what `fetch` throws; the reason of the request's signal when that aborts.
   */
  cached(request: CacheRequest, fetch: Fetch<S>): Promise<CachedAnswer<S>>
  explain(request: CacheRequest): CacheExplanation
}

/** A background refresh of a stale entry is given up after so long. */
const refreshMs = 30_000

/** An answer as it is shared by those who asked for it at one time. */
interface Shared<S> extends MadeAnswer<S> {
  readonly entry: RenderedEntry | undefined
  /** A stream can be given to one caller only. */
  isTaken: boolean
}

/** Why a request by-passes the cache, at `now`. */
function bypassOf({ key, facts, freshness, noStore }: CacheRequest, now: number): BypassReason | undefined {
  if (noStore) return 'no_store'
  if (key.times.kind !== 'range') return undefined
  const { limit, stats } = key
  return bypassReason(facts, { noStore, limit, stats }, settledUntil(now, freshness))
}

/** A key ends in itself, so nothing else begins with it. */
function flightKey(key: string, { allowsPartial }: CacheRequest): string {
  return allowsPartial ? `${key}#partial` : key
}

/** Creates the cache over its levels. */
export function createResultsCache<S>(deps: ResultsCacheDeps<S>): ResultsCache<S> {
  const { memory, shared, metrics, clock, options } = deps
  const answerRange = createRanges({ memory, shared, metrics, clock, ...options })
  const texts = createTexts({ memory, shared, clock })
  const dropUnused = (made: Shared<S>): void => {
    if (made.fetched.kind !== 'stream' || made.isTaken) return
    made.isTaken = true
    deps.drop(made.fetched.stream)
  }
  const flights = createSingleFlight<Shared<S>>({
    onFollow: () => metrics.followers.inc(),
    onUnused: dropUnused,
  })

  /** Instant queries and look-ups: fetched whole, kept as they are. */
  const answerOther = async (
    request: CacheRequest,
    fetch: Fetch<S>,
    signal: AbortSignal,
  ): Promise<MadeAnswer<S>> => {
    const [now, began] = [clock.now(), clock.monotonic()]
    const fetched = await fetch({ range: undefined, signal, mayStream: true })
    // The shards' clock as it was when the request came, as they tell it when they have answered.
    const asOf = fetched.kind === 'body' ? fetched.asOf : undefined
    const theirs = asOf === undefined ? now : asOf - (clock.monotonic() - began)
    return { fetched, result: 'miss', spans: [], holds: holdsOf(request, fetched, Math.min(now, theirs)) }
  }

  const holdsOf = (request: CacheRequest, fetched: Fetched<S>, now: number): MadeAnswer<S>['holds'] => {
    const refuse = (reason: string): 'none' => {
      metrics.notStored.inc({ reason })
      return 'none'
    }
    if (fetched.kind === 'stream') return refuse('too_large')
    if (!fetched.isComplete) return refuse('partial')
    const annotations = annotationsOf(fetched.body)
    if (annotations === undefined) return refuse('unrecognised')
    if (hasWarnings(annotations)) return refuse('annotated')
    const { facts, freshness, key } = request
    if (key.times.kind !== 'instant') return 'repeat'
    const settled = settledUntil(now, freshness)
    const isFinal = key.times.time <= settled && facts.latestAt <= settled
    return isFinal && !facts.hasNegativeOffset && !facts.isOrderDependent ? 'settled' : 'repeat'
  }

  const bypass = async (fetch: Fetch<S>, signal: AbortSignal): Promise<Shared<S>> => {
    const fetched = await fetch({ range: undefined, signal, mayStream: true })
    return { fetched, result: 'bypass', spans: [], holds: 'none', entry: undefined, isTaken: false }
  }

  const lifetime = ({ key }: CacheRequest, { holds }: MadeAnswer<S>): number => {
    if (key.times.kind === 'lookup') return options.lookupTtl
    return holds === 'settled' ? options.maxAge : options.repeatTtl
  }

  const make = async (
    key: string,
    request: CacheRequest,
    fetch: Fetch<S>,
    signal: AbortSignal,
  ): Promise<Shared<S>> => {
    const { times } = request.key
    if (times.kind === 'lookup') {
      const entry = await texts.findShared(key, request, options.lookupTtl)
      if (entry !== undefined) return ofEntry(entry, 'hit')
    }
    const made = await (times.kind === 'range'
      ? answerRange(request, times, fetch, signal)
      : answerOther(request, fetch, signal))
    const { fetched } = made
    const isKept =
      fetched.kind === 'body' && made.holds !== 'none' && fetched.body.length <= options.maxEntryBytes
    if (!isKept) return { ...made, entry: undefined, isTaken: false }
    const ttl = lifetime(request, made)
    if (times.kind === 'lookup') texts.share(key, fetched.body, ttl)
    return { ...made, entry: texts.keep(key, request, fetched.body, ttl), isTaken: false }
  }

  const makeOrKeepError = async (
    key: string,
    request: CacheRequest,
    fetch: Fetch<S>,
    signal: AbortSignal,
  ): Promise<Shared<S>> => {
    try {
      if (bypassOf(request, clock.now()) !== undefined) return await bypass(fetch, signal)
      return await make(key, request, fetch, signal)
    } catch (error) {
      // Only what the same query will meet again.
      const isDeterministic =
        isGatehouseError(error) && (error.code === 'bad_data' || error.code === 'execution')
      if (isDeterministic) texts.keepError(key, error, options.errorTtl)
      throw error
    }
  }

  const answerOf = (
    key: string,
    request: CacheRequest,
    made: Shared<S>,
    isShared: boolean,
  ): CachedAnswer<S> => {
    const { fetched, entry, result, spans } = made
    const reason = bypassOf(request, clock.now())
    metrics.requests.inc({ endpoint: request.key.endpoint, result })
    if (result === 'bypass' && reason !== undefined) metrics.bypasses.inc({ reason })
    const outcome: CacheOutcome = { result, reason, fetched: spans, isShared }
    if (fetched.kind === 'stream') return { kind: 'stream', stream: fetched.stream, outcome }
    const { body, isComplete, samples, answeredBy = [] } = fetched
    const gzip = () => (entry === undefined ? gzipped(body) : texts.gzip(key, entry))
    const freshMs = entry === undefined ? 0 : Math.max(0, entry.expiresAt - clock.monotonic())
    return { kind: 'body', body, isComplete, answeredBy, samples, freshMs, gzip, outcome }
  }

  const refresh = (key: string, request: CacheRequest, fetch: Fetch<S>): void => {
    if (flights.has(flightKey(key, request))) return
    const caller = { signal: AbortSignal.timeout(refreshMs), party: request.party }
    flights
      .run(flightKey(key, request), caller, ({ signal, started }) =>
        makeOrKeepError(key, request, telling(fetch, started), signal),
      )
      // A stream has grown too large to be kept, and nobody waits for it.
      .then(({ value }) => dropUnused(value))
      .catch(() => {})
  }

  return {
    async cached(request, fetch) {
      const key = exactKey(request.key)
      if (request.noStore) return answerOf(key, request, await bypass(fetch, request.signal), false)
      const found = texts.find(key, request)
      if (found !== undefined) {
        if (found.isStale) refresh(key, request, fetch)
        return answerOf(key, request, ofEntry(found.entry, found.isStale ? 'stale' : 'hit'), false)
      }
      const began = clock.monotonic()
      const waited = (): number => clock.monotonic() - began
      const { value, isOwn } = await flights.run(flightKey(key, request), request, ({ signal, started }) =>
        // Who takes over from another caller has waited already.
        makeOrKeepError(key, request, telling(afterWaiting(fetch, waited()), started), signal),
      )
      const { fetched } = value
      if (fetched.kind === 'stream') {
        // Somebody else reads that stream: it cannot be had twice.
        const again = afterWaiting(fetch, Math.min(fetched.queued, waited()))
        if (value.isTaken) return answerOf(key, request, await bypass(again, request.signal), false)
        value.isTaken = true
      }
      return answerOf(key, request, value, !isOwn)
    },

    explain(request) {
      const now = clock.now()
      return { bypass: bypassOf(request, now), settledUntil: settledUntil(now, request.freshness) }
    },
  }
}

function ofEntry(entry: RenderedEntry, result: 'hit' | 'stale'): Shared<never> {
  const fetched = { kind: 'body', body: entry.body, isComplete: true, asOf: undefined } as const
  return { fetched, result, spans: [], holds: 'repeat', entry, isTaken: false }
}
