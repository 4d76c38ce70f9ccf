import type { BypassReason, CacheFacts, Freshness, KeyParts, Span, TimeRange } from '@gatehouse/query'

/** A request that has been authorised: the cache never decides who may see an answer. */
export interface CacheRequest {
  /** Everything that can change the answer, the enforced expressions included. */
  readonly key: KeyParts
  /** Of the expressions together; look-ups have none. */
  readonly facts: CacheFacts
  readonly freshness: Freshness
  /** Stale answers are given only within the policy version they were made under. */
  readonly policyVersion: string
  /** The caller wants a fresh answer that leaves no trace. */
  readonly noStore: boolean
  /** False for alert rules: they never get an expired answer. */
  readonly allowStale: boolean
  /** Whether an answer without some shards will do: it is shared only with callers who say the same, and never kept. */
  readonly allowsPartial: boolean
  /** Aborts when this caller leaves or its deadline passes; its reason is what the caller gets. */
  readonly signal: AbortSignal
  /** Callers of one party wait for slots in one queue: nobody else waits long for an answer for which they have none yet. */
  readonly party: string
}

/** What the cache asks of the path behind it. */
export interface FetchDemand {
  /** The part wanted of a `query_range`; undefined for all of the request. */
  readonly range: TimeRange | undefined
  /** Aborts when no caller waits any more. The caller's own signal must not end the fetch: others may share it. */
  readonly signal: AbortSignal
  /** Whether an answer too large to hold may be handed over as a stream. */
  readonly mayStream: boolean
  /** How long the caller has waited already for others' fetches of the same, ms: it counts as waiting for a slot. */
  readonly waited?: number
  /** Called when the fetch has its slots. */
  readonly started?: () => void
}

/** A shard and the replica that answered for it. */
export interface AnsweredBy {
  readonly shard: string
  readonly replica: string
}

/** What the path behind the cache gives: a body held in memory, or a stream `S` of its own kind. */
export type Fetched<S> =
  | {
      readonly kind: 'body'
      readonly body: Buffer
      /** Every shard that was asked has answered. */
      readonly isComplete: boolean
      /** The earliest of the shards' clocks (their `Date`), ms; guards against a wrong clock here. */
      readonly asOf: number | undefined
      readonly answeredBy?: readonly AnsweredBy[]
      /** Samples that shards read for it; undefined if they did not tell. */
      readonly samples?: number | undefined
    }
  /** `queued` is how long it waited for its slots, ms. */
  | { readonly kind: 'stream'; readonly stream: S; readonly queued: number }

/**
 * Asks the shards. It runs once for all callers that share an answer, so `bad_data` and `execution` it throws are given to all of
 * them, and again for a moment. What concerns one caller only (its own limits, stop rules) is checked before the cache is asked, or
 * thrown as `too_many_requests`, `forbidden` or `canceled`: then the next caller's fetch runs.
 */
export type Fetch<S> = (demand: FetchDemand) => Promise<Fetched<S>>

/** The fetch of a caller who has waited `ms` for others' fetches before. */
export function afterWaiting<S>(fetch: Fetch<S>, ms: number): Fetch<S> {
  return (demand) => fetch({ ...demand, waited: (demand.waited ?? 0) + ms })
}

/** A fetch that tells when it has its slots. */
export function telling<S>(fetch: Fetch<S>, started: () => void): Fetch<S> {
  return (demand) => {
    const { started: tell } = demand
    return fetch({
      ...demand,
      started() {
        tell?.()
        started()
      },
    })
  }
}

/**
 * How an answer came about: from the cache (`hit`), the cache and the missing ends (`extended`), the shards (`miss`), an expired
 * entry while a new one is fetched (`stale`), or past the cache (`bypass`).
 */
export type CacheResult = 'hit' | 'extended' | 'miss' | 'stale' | 'bypass'

export interface CacheOutcome {
  readonly result: CacheResult
  readonly reason: BypassReason | undefined
  /** The parts of a range that were fetched. */
  readonly fetched: readonly Span[]
  /** Another caller's request fetched it. */
  readonly isShared: boolean
}

/** An answer for one caller. */
export type CachedAnswer<S> =
  | {
      readonly kind: 'body'
      readonly body: Buffer
      readonly isComplete: boolean
      /** Who was asked for what was fetched; nobody for a hit. */
      readonly answeredBy: readonly AnsweredBy[]
      /** Samples that shards read for what was fetched; undefined if they did not tell. */
      readonly samples: number | undefined
      /** How long this very text may be given again; ms, 0 if not at all. */
      readonly freshMs: number
      /** The body compressed for the caller; made once for a cached answer. */
      readonly gzip: () => Promise<Buffer>
      readonly outcome: CacheOutcome
    }
  | { readonly kind: 'stream'; readonly stream: S; readonly outcome: CacheOutcome }

/** Time: of day for what is compared with samples, monotonic for how long entries live. Both in ms. */
export interface Clock {
  readonly now: () => number
  readonly monotonic: () => number
}
